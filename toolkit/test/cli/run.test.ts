import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { basic, env, ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"

const withSecond = basic
  .replace("to: [archive]", "to: [archive, second]")
  .replace("sinks:", "sinks:\n  second: { type: file, path: ./second.ndjson }")

const reloads = (relay: RelayProcess) => relay.metric('ohmq_relay_reloads_total{outcome="done"}')

describe.skipIf(process.platform === "win32")("ohmq relay run", () => {
  it("notices that a link on the way to its file was replaced, as for a ConfigMap", async () => {
    const folder = temporaryFolder()
    const publish = (version: string, config: string) => {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, "relay.yaml"), config)
      symlinkSync(version, join(folder, "..data_tmp"))
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"))
    }
    publish("v1", basic)
    symlinkSync("..data/relay.yaml", join(folder, "relay.yaml"))
    const relay = await RelayProcess.start(folder)
    publish("v2", withSecond)
    await relay.logged("The configuration was reloaded")
    expect(await relay.metric('ohmq_relay_events_out_total{sink="second"}')).toBe(0)
    expect(await relay.end()).toBe(0)
  })

  it("reloads a changed file once, and one with the same content not at all", async () => {
    const folder = temporaryFolder()
    const file = join(folder, "relay.yaml")
    const relay = await RelayProcess.start(folder, basic)
    utimesSync(file, 1, 1)
    writeFileSync(join(folder, "same"), basic)
    renameSync(join(folder, "same"), file)
    // Longer than three looks.
    const before = Date.now()
    await until(() => Date.now() - before > 2000)
    writeFileSync(file, withSecond)
    await until(async () => (await relay.metric('ohmq_relay_events_out_total{sink="second"}')) === 0)
    await relay.logged("The configuration was reloaded")
    expect(await reloads(relay)).toBe(1)
    expect(await relay.end()).toBe(0)
  })

  it("takes a SIGHUP that comes while its code is loaded", async () => {
    const folder = temporaryFolder()
    const hook = join(folder, "hook.mjs")
    writeFileSync(hook, 'import { register } from "node:module"\nregister("./resolve.mjs", import.meta.url)\n')
    writeFileSync(
      join(folder, "resolve.mjs"),
      `export async function resolve(specifier, context, next) {
  if (specifier === "pino") process.kill(process.pid, "SIGHUP")
  return next(specifier, context)
}
`,
    )
    env.NODE_OPTIONS = `--import=${hook}`
    try {
      const relay = await RelayProcess.start(folder, basic)
      expect(await relay.end()).toBe(0)
    } finally {
      delete env.NODE_OPTIONS
    }
  })

  it("ends the drain at a second signal, but not at the first one that is passed on", { timeout: 40_000 }, async () => {
    let asked = 0
    const server = createServer(() => void asked++).listen(0, "127.0.0.1")
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    await until(() => server.listening)
    const { port } = server.address() as AddressInfo
    const relay = await RelayProcess.start(
      temporaryFolder(),
      basic.replace("{ type: file, path: ./events.ndjson }", `{ type: webhook, url: "http://127.0.0.1:${port}/" }`),
      "relay",
      "--drain",
      "24d",
    )
    await relay.github("{}", "one")
    await until(() => asked === 1)
    const ended = relay.end()
    relay.child.kill("SIGINT")
    await relay.logged("The relay stops. A second signal ends it without waiting")
    await new Promise((done) => setTimeout(done, 1000))
    expect(relay.child.exitCode).toBe(null)
    relay.child.kill("SIGINT")
    expect(await ended).toBe(0)
    expect(relay.log.slice(-4)).toMatchObject([
      { signal: "SIGINT", msg: "A second signal: the relay ends without waiting" },
      { sink: "archive", waiting: 1, reason: "It had not answered when the drain ended" },
      { msg: "The sink fails; its events wait in the store" },
      { msg: "The relay has stopped" },
    ])
  })

  it("refuses times that no timer can wait, as other commands do", { timeout: 120_000 }, () => {
    const refused = (option: string, ...args: string[]) =>
      expect(ohmq(temporaryFolder(), ...args, option, "25d")).toEqual({
        status: 2,
        stdout: "",
        stderr: `error: ${option}: Expected at most 24d: no timer waits longer\n`,
      })
    refused("--drain", "relay", "run")
    refused("--drain", "respond", "run")
    refused("--timeout", "emit", "a.b", "--to", "tcp://127.0.0.1:9")
    refused("--timeout", "gate", "--request", "deploy", "--to", "tcp://127.0.0.1:9")
    refused("--every", "gate", "--request", "deploy", "--to", "tcp://127.0.0.1:9")
    refused("--timeout", "tasks", "wait", "--queue", "tcp://127.0.0.1:9")
    refused("--timeout", "tasks", "submit", "--queue", "tcp://127.0.0.1:9", "input")
    refused("--lease", "tasks", "serve", "--bind", "tcp://127.0.0.1:*", "--store", "./tasks")
  })
})
