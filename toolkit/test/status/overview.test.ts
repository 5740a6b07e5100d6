// What the first page of the status page says.

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { answering, SimulatedClock } from "../relay/clocked-relay.js"
import { linked } from "../relay/links.js"
import { freePort, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { liveText, pageRelay } from "./support.js"

interface Charts {
  times: number[]
  lag: { name: string; values: (number | null)[] }[]
  in: { name: string; values: (number | null)[] }[]
}

describe("the overview", () => {
  it("says what flows, what waits and since when a sink fails", async () => {
    const gone = `{ type: webhook, url: "http://127.0.0.1:${await freePort()}/", delivery: { retryMin: 5ms, retryMax: 10ms, openAfter: 0ms } }`
    const relay = await pageRelay({ out: gone, sinks: "  idle: { type: file, path: ./idle.ndjson }" })
    const before = await relay.page()
    expect(liveText(before, "state")).toBe("Takes events")
    expect(liveText(before, "sink/out/state")).toBe("Works")
    expect(before).toContain("Version 0.1.0")
    expect(before).toMatch(/Runs since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/)
    for (const id of ["1", "2", "2"]) await relay.send(id)
    await until(async () => liveText(await relay.page(), "sink/out/state") === "Failing, circuit open")
    const html = await relay.page()
    expect(liveText(html, "source/hooks/stored")).toBe("2")
    expect(liveText(html, "source/hooks/duplicates")).toBe("1")
    expect(liveText(html, "route/all/taken")).toBe("3")
    expect(liveText(html, "sink/out/waiting")).toBe("2")
    expect(liveText(html, "sink/out/queue")).toBe("2 wait")
    expect(liveText(html, "sink/out/problem")).toMatch(/^Since \d{4}-.+ UTC: .*ECONNREFUSED/)
    expect(liveText(html, "sink/idle/state")).toBe("Works")
    expect(liveText(html, "store/kept")).toBe("1 to 2")
    expect(liveText(html, "store/median")).toMatch(/^at most /)
    // The picture has a box for each part, and lines between them.
    expect(html.match(/class="box"/g)).toHaveLength(4)
    expect(html.match(/class="line"/g)).toHaveLength(2)
    expect(html).toMatch(/<g data-tone="bad"[^>]*><title>out</)
  })

  it("says that a sink waits for a person", async () => {
    let status = 503
    const server = await answering(() => [status])
    const relay = await pageRelay({
      out: `{ type: splunk-hec, url: "${server.url.slice(0, -1)}", token: env:GITHUB_SECRET }`,
    })
    await relay.send("1")
    await until(async () => liveText(await relay.page(), "sink/out/state") === "Failing")
    status = 401
    await until(async () => liveText(await relay.page(), "sink/out/state") === "Held: change something first")
  })

  it("has rates, and the last hour of what waits", async () => {
    const clock = new SimulatedClock()
    const gone = `{ type: webhook, url: "http://127.0.0.1:${await freePort()}/" }`
    const relay = await pageRelay({ out: gone, clock })
    const charts = async () => (await (await fetch(`${relay.url}/status/charts`)).json()) as Charts
    const samples = async (count: number) => until(async () => (await charts()).times.length === count)
    await samples(1)
    for (let i = 0; i < 20; i++) await relay.send(String(i))
    clock.advance(2000)
    await samples(2)
    expect(liveText(await relay.page(), "source/hooks/rate")).toBe("10/s")
    expect(liveText(await relay.page(), "route/all/rate")).toBe("10/s")
    expect(await relay.page()).toMatch(/data-level="3" data-live-set="data-level route\/all\/level\/hooks"/)
    expect(liveText(await relay.page(), "sink/out/peak")).toBe("peak 20")
    expect(await charts()).toMatchObject({
      lag: [{ name: "out", values: [0, 20] }],
      in: [{ name: "hooks", values: [null, 10] }],
    })
    // Later, the first of them are more than ten seconds ago.
    for (let i = 3; i <= 8; i++) {
      clock.advance(2000)
      await samples(i)
    }
    expect(liveText(await relay.page(), "source/hooks/rate")).toBe("0/s")
  })

  it("keeps an hour, and no more", async () => {
    /** A clock that knows how often it was asked to wait: each sample ends with that. */
    class CountingClock extends SimulatedClock {
      asked = 0
      override wait(milliseconds: number, signal: AbortSignal): Promise<void> {
        this.asked++
        return super.wait(milliseconds, signal)
      }
    }
    const clock = new CountingClock()
    const relay = await pageRelay({ clock })
    for (let samples = 1; samples <= 1900; samples++) {
      while (clock.asked < samples) await setImmediate()
      clock.advance(2000)
    }
    const { times, lag } = (await (await fetch(`${relay.url}/status/charts`)).json()) as Charts
    expect([times.length, lag[0]?.values.length]).toEqual([1800, 1800])
  })

  it("names the verified peers of links", async () => {
    const { folders, edge, hub } = await linked()
    const withPage = (config: string) => config.replace('"127.0.0.1:0"', '"127.0.0.1:0", page: true')
    const far = await RelayProcess.start(folders.hub, withPage(hub))
    const near = await RelayProcess.start(folders.edge, withPage(edge))
    const page = async ({ url }: RelayProcess) => (await fetch(url)).text()
    await until(async () => /link\/out\/hub\/[^"]+\/state">connected</.test(await page(near)))
    expect(await page(near)).toContain("<strong>hub.key</strong>")
    await until(async () => (await page(far)).includes("<strong>edge</strong>"))
    await near.end()
    await until(async () => (await page(far)).includes("No link is configured or connected"))
    await far.end()
  })

  it("follows a reload", async () => {
    const folder = temporaryFolder()
    const config = (sink: string) => `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0", page: true }
sources:
  ticks: { type: timer, every: 1h }
routes:
  - { name: all, from: [ticks], to: [${sink}] }
sinks:
  ${sink}: { type: file, path: ./${sink}.ndjson }
`
    const relay = await RelayProcess.start(folder, config("before"))
    expect(await (await fetch(relay.url)).text()).toContain('id="sink-before"')
    writeFileSync(join(folder, "relay.yaml"), config("after"))
    await relay.logged("The configuration was reloaded")
    const html = await (await fetch(relay.url)).text()
    expect(html).toContain('id="sink-after"')
    expect(liveText(html, "sink/before/state")).toBe("Not configured")
    await relay.end()
  })

  it("sends figures to pages that are open, and says when the relay stops", async () => {
    const relay = await pageRelay()
    const response = await fetch(`${relay.url}/status/live`)
    expect(response.headers.get("content-type")).toBe("text/event-stream")
    let text = ""
    let isStopped = false
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      if (!text.includes("event: update") || isStopped) continue
      isStopped = true
      // That does not wait for the page to be closed.
      await relay.stop()
    }
    expect(text).toMatch(/event: update\ndata: \{.*"sink\/out\/state":"Works".*\}\n\n/)
    expect(text).toMatch(/event: stopping\ndata: \{\}\n\n$/)
  })
})
