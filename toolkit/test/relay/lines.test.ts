import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, existsSync, renameSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { env, type Line, linesOf, RelayProcess, temporaryFolder, until } from "./support.js"

const configOf = (source: string) => `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  in: ${source}
routes:
  - { name: all, from: [in], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`

function delivered(folder: string): Line[] {
  const file = join(folder, "events.ndjson")
  return existsSync(file) ? linesOf(file) : []
}

const dataOf = (folder: string) => delivered(folder).map(({ data }) => data)

describe("The source file", () => {
  it("follows a file through its rotation, and goes on where it was after a kill", async () => {
    const folder = temporaryFolder()
    const log = join(folder, "app.log")
    writeFileSync(log, "one\r\ntwo\n\nunfini")
    let relay = await RelayProcess.start(folder, configOf("{ type: file, path: ./app.log, maxLine: 100B }"))
    await until(() => dataOf(folder).length === 2)
    appendFileSync(log, `shed\n${"x".repeat(101)}\n`)
    await until(() => dataOf(folder).length === 3)
    await until(
      async () => (await relay.metric('ohmq_relay_events_refused_total{source="in",reason="too-long"}')) === 1,
    )
    renameSync(log, `${log}.1`)
    appendFileSync(`${log}.1`, "late\n")
    writeFileSync(log, "new\n")
    await until(() => dataOf(folder).length === 5)
    await relay.end("SIGKILL")

    // Rotated while the relay does not run.
    appendFileSync(log, "while away\n")
    renameSync(log, `${log}.2`)
    writeFileSync(log, "newest\n")
    relay = await RelayProcess.start(folder)
    // A kill between the storing of lines and the noting of the place repeats them, with the same ids.
    const distinct = () => [...new Map(delivered(folder).map(({ id, data }) => [id, data])).values()]
    await until(() => distinct().length === 7)
    expect(await relay.end()).toBe(0)
    expect(distinct()).toEqual(["one", "two", "unfinished", "late", "new", "while away", "newest"])
    expect(delivered(folder)[0]).toMatchObject({
      type: "log.recorded",
      source: "/file/in",
      datacontenttype: "text/plain",
    })
  })

  it("takes in what the sink file wrote", async () => {
    const folder = temporaryFolder()
    const event = { specversion: "1.0", id: "1", source: "/s", type: "scan.finished", data: { n: 1 } }
    writeFileSync(join(folder, "in.ndjson"), `${JSON.stringify({ ...event, ohmqsender: "mallory" })}\nnot an event\n`)
    const relay = await RelayProcess.start(folder, configOf("{ type: file, path: ./in.ndjson, format: events }"))
    await until(() => delivered(folder).length === 1)
    expect(delivered(folder)).toEqual([event])
    expect(await relay.metric('ohmq_relay_events_refused_total{source="in",reason="not-json"}')).toBe(1)
    expect(await relay.end()).toBe(0)
  })
})

describe("The source exec", () => {
  it("takes in the lines of a command, and starts it again when it ends", async () => {
    const folder = temporaryFolder()
    writeFileSync(
      join(folder, "program.mjs"),
      'console.log(JSON.stringify({ a: process.argv[2] })); process.stdout.write("[1]")',
    )
    const command = JSON.stringify([process.execPath, "program.mjs", "x; y"])
    const relay = await RelayProcess.start(
      folder,
      configOf(`{ type: exec, command: ${command}, format: json, eventType: scan.finished, restart: 10ms }`),
    )
    await until(() => delivered(folder).length >= 4)
    expect(await relay.end()).toBe(0)
    expect(dataOf(folder).slice(0, 4)).toEqual([{ a: "x; y" }, [1], { a: "x; y" }, [1]])
  })
})

describe("The source timer", () => {
  it("sends an event at regular times, which ohmq relay tap shows", async () => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(folder, configOf("{ type: timer, every: 50ms, eventType: beat }"))
    const command = resolve(import.meta.dirname, "../../../dist/cli/main.js")
    const tap = spawn(process.execPath, [command, "relay", "tap", "--source", "in"], { cwd: folder, env })
    onTestFinished(() => {
      tap.kill("SIGKILL")
    })
    const [chunk] = (await once(tap.stdout, "data")) as [Buffer]
    expect(JSON.parse(String(chunk).split("\n")[0] ?? "")).toMatchObject({ source: "in", event: { type: "beat" } })
    const closed = once(tap, "close")
    expect(await relay.end()).toBe(0)
    expect((await closed)[0]).toBe(0)
    const counts = delivered(folder).map(({ data }) => (data as { count: number }).count)
    expect(counts).toEqual(counts.map((_, i) => i + 1))
  })
})
