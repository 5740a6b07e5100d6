import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { basic, linesOf, ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"

describe("ohmq relay run", () => {
  it("goes on as before if a changed file has mistakes, and loses nothing when it takes the next one", async () => {
    const folder = temporaryFolder()
    const file = join(folder, "relay.yaml")
    const relay = await RelayProcess.start(folder, basic)
    writeFileSync(file, basic.replace("to: [archive]", "to: [archiv]"))
    expect(await relay.logged("was not reloaded")).toMatchObject({
      reason: expect.stringContaining('There is no sink "archiv". Did you mean "archive"?'),
    })
    expect(await relay.metric("ohmq_relay_last_reload_successful")).toBe(0)
    expect((await relay.github("{}", "before")).status).toBe(202)

    // Events go on to come in while it reloads. Their path is there all the time.
    let isDone = false
    const sent: string[] = []
    const sender = (async () => {
      for (let i = 0; !isDone; i++) {
        const { status } = await relay.github("{}", `during${i}`)
        expect(status).toBe(202)
        sent.push(`during${i}`)
      }
    })()
    writeFileSync(
      file,
      basic
        .replace("to: [archive]", "to: [archive, second]")
        .replace("sinks:", "sinks:\n  second: { type: file, path: ./second.ndjson }"),
    )
    if (process.platform !== "win32") relay.child.kill("SIGHUP")
    await relay.logged("The configuration was reloaded")
    expect(await relay.metric("ohmq_relay_last_reload_successful")).toBe(1)
    const count = sent.length
    await until(() => sent.length > count + 5)
    isDone = true
    await sender
    expect(await relay.end()).toBe(0)
    expect(linesOf(join(folder, "events.ndjson")).map(({ id }) => id)).toEqual(["before", ...sent])
    const second = linesOf(join(folder, "second.ndjson")).map(({ id }) => id)
    expect(second.length).toBeGreaterThan(0)
    expect(second).toEqual(sent.slice(-second.length))
  })

  it("keeps what waits for a sink that was removed, and says how to give it up", async () => {
    const folder = temporaryFolder()
    const away = basic.replace("{ type: file, path: ./events.ndjson }", '{ type: webhook, url: "http://127.0.0.1:9/" }')
    const first = await RelayProcess.start(folder, away)
    await first.github("{}", "one")
    await first.end()
    const renamed = basic.replaceAll("archive", "other")
    const second = await RelayProcess.start(folder, renamed)
    const { msg, waiting } = await second.logged("a sink that is not configured")
    expect(msg).toContain("ohmq relay forget archive")
    expect(waiting).toBe(1)
    await second.end()
    const third = await RelayProcess.start(folder, basic)
    await third.end()
    expect(linesOf(join(folder, "events.ndjson")).map(({ id }) => id)).toEqual(["one"])
  })

  it("gives a sink that comes back after it was given up nothing of before", async () => {
    const folder = temporaryFolder()
    const both = basic
      .replace("sinks:", "sinks:\n  second: { type: file, path: ./second.ndjson }")
      .replace("to: [archive]", "to: [archive, second]")
    for (const config of [both, basic]) {
      const relay = await RelayProcess.start(folder, config)
      await relay.github("{}", config === both ? "one" : "two")
      await relay.end()
    }
    expect(ohmq(folder, "relay", "forget", "second").stdout).toBe("Nothing is kept for second any more\n")
    rmSync(join(folder, "second.ndjson"))
    const again = await RelayProcess.start(folder, both)
    await again.github("{}", "three")
    await again.end()
    expect(linesOf(join(folder, "second.ndjson")).map(({ id }) => id)).toEqual(["three"])
    expect(linesOf(join(folder, "events.ndjson")).map(({ id }) => id)).toEqual(["one", "two", "three"])
  })
})
