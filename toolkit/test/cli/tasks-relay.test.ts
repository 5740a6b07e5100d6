// `ohmq tasks serve --relay`: the events of a queue, in a relay.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { generateKeyPair } from "ohmq/security"
import { describe, expect, it } from "vitest"
import { freePort, ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { Running } from "./commands.js"

/** A relay with a source link that lets in the queue only, and the options of the queue for it. */
async function setUp() {
  const folder = temporaryFolder()
  for (const [name, admitted] of [
    ["relay", ""],
    ["queue", "senders"],
    ["worker", "clients"],
  ] as const) {
    const certificate = generateKeyPair({ name })
    await certificate.save(join(folder, `${name}.key`))
    if (admitted === "") continue
    mkdirSync(join(folder, admitted), { mode: 0o700 })
    await certificate.public.save(join(folder, admitted, `${name}.key`))
  }
  const endpoint = `tcp://127.0.0.1:${await freePort()}`
  writeFileSync(
    join(folder, "relay.yaml"),
    `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  tasks: { type: link, bind: "${endpoint}", security: { cert: ./relay.key_secret, clients: ./senders } }
routes:
  - { name: all, from: [tasks], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
  )
  const serve = ["tasks", "serve", "--bind", "tcp://127.0.0.1:*", "--store", "tasks", "--lease", "2s"]
  const security = ["--cert", "queue.key_secret", "--clients", "clients", "--relay-cert", "relay.key"]
  const events = () => {
    const file = join(folder, "events.ndjson")
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []
    return lines.map((line) => JSON.parse(line))
  }
  return { folder, endpoint, serve, toRelay: [...serve, ...security, "--relay", endpoint], events }
}

const log = JSON.stringify({
  version: "2.1.0",
  runs: [{ tool: { driver: { name: "t" } }, results: [{ ruleId: "r", message: { text: "bad" } }] }],
})

describe("ohmq tasks serve --relay", () => {
  it("brings each event to the relay once, whatever is killed, with the name of the queue", {
    timeout: 90_000,
  }, async () => {
    const { folder, toRelay, events } = await setUp()
    // The relay is not there yet: the events wait.
    let server = new Running(folder, toRelay)
    await server.says("events wait in the store")
    await server.says("The queue takes tasks")
    const endpointOf = () => /"endpoint":"(.+?)"/.exec(server.stderr)?.[1] ?? ""
    const mine = ["--cert", "worker.key_secret", "--server-cert", "queue.key"]
    const submitted = ohmq(folder, "tasks", "submit", "--queue", endpointOf(), ...mine, "--batch", "b", "one", "two")
    expect(submitted).toMatchObject({ status: 0, stderr: "" })
    let relay = await RelayProcess.start(folder)
    await server.says("The relay takes events again")
    await until(() => events().length === 2)
    await relay.end("SIGKILL")
    server.child.kill("SIGKILL")
    await server.end()

    server = new Running(folder, toRelay)
    await server.says("The queue takes tasks")
    const program = ["--", process.execPath, "-e", `console.log(${JSON.stringify(log)})`, "{}"]
    const worker = new Running(folder, ["tasks", "work", "--queue", endpointOf(), ...mine, ...program])
    await worker.says("finished b-2")
    relay = await RelayProcess.start(folder)
    const count = (type: string) => events().filter((event) => event.type === type).length
    await until(() => count("task.finished") === 2)
    expect([count("task.submitted"), count("finding.reported")]).toEqual([2, 2])
    for (const { ohmqsender } of events()) expect(ohmqsender).toBe("queue")
    // What only the queue needs stays there.
    expect(events().map(({ type }) => type)).not.toContain("task.opened")
    expect(new Set(events().map(({ source, id }) => `${source} ${id}`)).size).toBe(events().length - 1)
    expect(await relay.end()).toBe(0)
  })

  it("keeps events for a relay that is not named any more, until they are given up", { timeout: 90_000 }, async () => {
    const { folder, serve, toRelay } = await setUp()
    const start = async (args: readonly string[], text: string) => {
      const server = new Running(folder, args)
      await server.says(text)
      await server.says("The queue takes tasks")
      server.child.kill("SIGTERM")
      expect(await server.end()).toMatchObject({ code: 0 })
      return server.stderr
    }
    expect(await start(toRelay, "events wait in the store")).not.toContain("Events wait for a relay")
    await start(serve, "Events wait for a relay. Name it by --relay, or give them up by --relay off")
    await start([...serve, "--relay", "off"], "")
    expect(await start(serve, "")).not.toContain("Events wait for a relay")
  })

  it("says what to do when the store was restored from a backup, and that helps", { timeout: 90_000 }, async () => {
    const { folder, toRelay, serve, events } = await setUp()
    await RelayProcess.start(folder)
    const mine = ["--cert", "worker.key_secret", "--server-cert", "queue.key"]
    /** Starts the queue, lets it do something, and ends it. */
    const run = async (args: readonly string[], work: (endpoint: string, server: Running) => Promise<void> | void) => {
      const server = new Running(folder, args)
      await server.says("The queue takes tasks")
      await work(/"endpoint":"(.+?)"/.exec(server.stderr)?.[1] ?? "", server)
      server.child.kill("SIGTERM")
      expect(await server.end()).toMatchObject({ code: 0 })
    }
    const submit = (id: string) => async (endpoint: string) => {
      const before = events().length
      const submitted = ohmq(folder, "tasks", "submit", "--queue", endpoint, ...mine, "--id", id, "input")
      expect(submitted).toMatchObject({ status: 0 })
      await until(() => events().length > before)
    }
    await run(toRelay, submit("a"))
    expect(ohmq(folder, "store", "backup", "tasks", "backup")).toMatchObject({ status: 0 })
    await run(toRelay, submit("b"))
    rmSync(join(folder, "tasks"), { recursive: true })
    renameSync(join(folder, "backup"), join(folder, "tasks"))
    await run(toRelay, async (_, server) => {
      await server.says("The link to the relay has stopped; events wait in the store")
      await server.says("Start the queue once with --relay off, which gives them up, then with --relay as before")
    })
    await run([...serve, "--relay", "off"], () => {})
    await run(toRelay, submit("c"))
    expect(events().map(({ subject, type }) => `${type} ${subject}`)).toContain("task.submitted c")
  })

  it.each([
    [["--relay", "127.0.0.1:1"], "--relay: Expected an endpoint such as tcp://127.0.0.1:5570, or off"],
    [["--relay", "tcp://127.0.0.1:1,h"], "--relay: Expected an endpoint such as tcp://127.0.0.1:5570, or off"],
    [["--relay", "tcp://192.0.2.1:1"], "--relay: tcp://192.0.2.1:1 goes beyond this machine, unencrypted"],
    [["--relay-cert", "x"], "--relay-cert needs --relay ENDPOINT"],
    [["--relay", "tcp://127.0.0.1:1", "--relay-cert", "x"], "--relay-cert needs --cert FILE"],
  ])("refuses %j", (args, message) => {
    const { status, stderr } = ohmq(
      temporaryFolder(),
      "tasks",
      "serve",
      "--bind",
      "tcp://127.0.0.1:*",
      "--store",
      "s",
      ...args,
    )
    expect(stderr).toContain(`error: ${message}`)
    expect(status).toBe(2)
  })
})
