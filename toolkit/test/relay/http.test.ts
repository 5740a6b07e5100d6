import { execFile } from "node:child_process"
import { once } from "node:events"
import { connect } from "node:net"
import { resolve } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { basic, RelayProcess, temporaryFolder, until } from "./support.js"

/** Sends bytes as they are, and resolves to the answer's first line and headers once the relay has closed the connection. */
function raw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(request)
  let answer = ""
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text
    socket.end()
  })
  return new Promise((resolve, reject) => socket.on("error", reject).on("close", () => resolve(answer)))
}

describe("the HTTP server of a relay", () => {
  it("is loaded only if it is configured", async () => {
    const program = `
import { createRequire } from "node:module"
import { join } from "node:path"
import { parseConfig, Relay } from "ohmq-toolkit/relay"
import { pino } from "pino"
const { cache } = createRequire(import.meta.url)
const [folder, http] = process.argv.slice(1)
const config = \`version: 1
store: { path: ./data }
\${http}
sources: { ticks: { type: timer, every: 1h } }
routes: [{ name: all, from: [ticks], to: [] }]
sinks: {}
\`
const relay = await Relay.start(parseConfig(config, join(folder, "relay.yaml")), pino({ level: "silent" }))
console.log(Object.keys(cache).some((file) => /node_modules.fastify.fastify\\.js$/.test(file)))
await relay.stop(0)
`
    const isLoaded = async (http: string) => {
      const args = ["--input-type=module", "-e", program, temporaryFolder(), http]
      const options = { cwd: resolve(import.meta.dirname, "../.."), encoding: "utf8" } as const
      return (await promisify(execFile)(process.execPath, args, options)).stdout
    }
    expect(await isLoaded("")).toBe("false\n")
    expect(await isLoaded('http: { listen: "127.0.0.1:0" }')).toBe("true\n")
  })

  it("answers what it has, and says what is wrong with other requests", async () => {
    const relay = await RelayProcess.start(
      temporaryFolder(),
      basic.replace("path: /github", "path: /github, maxBytes: 1kB"),
    )
    const get = async (path: string, init?: RequestInit) => {
      const response = await fetch(relay.url + path, init)
      return { status: response.status, allow: response.headers.get("allow"), text: await response.text() }
    }
    expect(await get("/healthz")).toEqual({ status: 200, allow: null, text: "ok\n" })
    expect(await get("/readyz?verbose")).toEqual({ status: 200, allow: null, text: "ready\n" })
    expect(await get("/nothing")).toEqual({ status: 404, allow: null, text: "Nothing is here\n" })
    expect(await get("/nothing", { method: "POST", body: "{}" })).toMatchObject({ status: 404 })
    expect(await get("/healthz", { method: "POST", body: "{}" })).toMatchObject({ status: 404 })
    for (const method of ["GET", "PUT", "DELETE"])
      expect(await get("/github", { method })).toEqual({ status: 405, allow: "POST", text: "Only POST is allowed\n" })
    expect(await get("/github", { method: "POST" })).toMatchObject({ status: 401 })

    const tooLarge = { status: 413, allow: null, text: "The body is larger than 1000 bytes\n" }
    expect(await get("/github", { method: "POST", body: "x".repeat(1001) })).toEqual(tooLarge)
    // Without Content-Length, the relay learns the size as the body comes.
    const body = new Blob(["x".repeat(1001)]).stream()
    expect(await get("/github", { method: "POST", body, duplex: "half" } as RequestInit)).toEqual(tooLarge)
    expect(await relay.end()).toBe(0)
  })

  it("refuses what is not HTTP, and goes on", async () => {
    const relay = await RelayProcess.start(temporaryFolder(), basic)
    expect(await raw(relay.url, "EHLO mail\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(relay.url, "POST /github HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 400 /,
    )
    expect((await relay.github("{}", "1")).status).toBe(202)
    expect(await relay.end()).toBe(0)
  })

  it("closes connections over its bound, and counts them", async () => {
    const config = basic.replace('listen: "127.0.0.1:0"', 'listen: "127.0.0.1:0", maxConnections: 1')
    const relay = await RelayProcess.start(temporaryFolder(), config)
    const { hostname, port } = new URL(relay.url)
    const held = connect(Number(port), hostname)
    held.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    await once(held, "data")
    const second = connect(Number(port), hostname).on("error", () => {})
    await once(second.resume(), "close")
    await relay.logged("http.maxConnections is reached")
    held.destroy()
    await until(() =>
      relay.metric("ohmq_relay_http_connections_dropped_total").then(
        (count) => count !== undefined && count >= 1,
        () => false,
      ),
    )
    expect(await relay.end()).toBe(0)
  })

  it("does not wait long for a client that holds back its request when it stops", async () => {
    const relay = await RelayProcess.start(temporaryFolder(), basic)
    const { hostname, port } = new URL(relay.url)
    const slow = connect(Number(port), hostname).on("error", () => {})
    slow.write("POST /github HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
    // Its request has arrived when the next one is answered.
    expect((await relay.github("{}", "1")).status).toBe(202)
    const since = Date.now()
    expect(await relay.end()).toBe(0)
    expect(Date.now() - since).toBeLessThan(9000)
    slow.destroy()
  })
})
