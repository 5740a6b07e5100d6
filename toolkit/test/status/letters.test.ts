// Dead letters on the status page.

import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { answering } from "../relay/clocked-relay.js"
import { until } from "../relay/support.js"
import { liveText, type PageRelay, pageRelay } from "./support.js"

const list = "/status/dead/out"

/** A relay whose sink has refused events, and that sink. `answer` says what it does next. */
async function refusing(count: number) {
  const sink = { status: 400 }
  const server = await answering(() => [sink.status])
  const relay = await pageRelay({ out: `{ type: webhook, url: "${server.url}" }` })
  for (let i = 1; i <= count; i++) await relay.send(`Event-${i}`)
  await dead(relay, count)
  return { relay, server, sink }
}

const deadOf = async (relay: PageRelay): Promise<string | undefined> => liveText(await relay.page(), "sink/out/dead")
const dead = (relay: PageRelay, count: number): Promise<void> =>
  until(async () => (await deadOf(relay)) === `${count} dead ${count === 1 ? "letter" : "letters"}`)

const idsIn = (html: string): string[] =>
  [...html.matchAll(/type="checkbox" name="id" value="(\d+)"/g)].map((match) => match[1] ?? "")
const nextOf = (html: string): string | undefined =>
  /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&")

describe("the dead letters of a sink", () => {
  it("are listed by pages, with their reason", async () => {
    const { relay } = await refusing(60)
    const first = await relay.page(list)
    expect(first).toContain("60 dead letters")
    expect(first).toContain("The server answered 400")
    expect(first).toContain("<strong>webhook.received</strong>")
    expect(idsIn(first)).toHaveLength(50)
    const second = await relay.page(String(nextOf(first)))
    expect(idsIn(second)).toHaveLength(10)
    expect(nextOf(second)).toBeUndefined()
    expect(new Set([...idsIn(first), ...idsIn(second)]).size).toBe(60)
    expect(await relay.page(`${list}?after=60`)).toContain("No more match.")
    for (const odd of ["after=-1", "after=x", "after=1e9", "within=x", "text=%00%ff"])
      expect(await relay.page(`${list}?${odd}`), odd).toContain("Dead letters of out")
  })

  it("show nothing that a sink has answered as HTML", async () => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(400).end("<b>no</b>"))
    })
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const relay = await pageRelay({ out: `{ type: webhook, url: "http://127.0.0.1:${port}/" }` })
    await relay.send("1")
    await dead(relay, 1)
    const html = (await relay.page(list)) + (await relay.page())
    expect(html).toContain("&lt;b&gt;no&lt;/b&gt;")
    expect(html).not.toContain("<b>")
    expect(await relay.page(`${list}?text=${encodeURIComponent('"><b>')}`)).toContain('value="&quot;&gt;&lt;b&gt;"')
  })

  it("are found by text in upper or lower case, and by time", async () => {
    const { relay } = await refusing(12)
    expect(idsIn(await relay.page(`${list}?text=EVENT-1`))).toHaveLength(4)
    expect(idsIn(await relay.page(`${list}?text=answered+400`))).toHaveLength(12)
    const none = await relay.page(`${list}?text=nothing+like+this`)
    expect(idsIn(none)).toEqual([])
    expect(none).toContain("No more match.")
    expect(idsIn(await relay.page(`${list}?within=3600000`))).toHaveLength(12)
    expect(idsIn(await relay.page(`${list}?within=0`))).toHaveLength(0)
  })

  it("are replayed: one, some, those that match, all", async () => {
    const { relay, server, sink } = await refusing(14)
    sink.status = 200
    const ids = idsIn(await relay.page(list))
    const sent = server.received.length
    const one = await relay.submit(list, { replay: ids[0] ?? "" })
    expect([one.status, one.headers.get("location")]).toEqual([303, list])
    expect(await relay.page(list)).toContain("1 dead letter replayed.")
    expect(await relay.page(list)).not.toContain("replayed.")
    expect(await deadOf(relay)).toBe("13 dead letters")
    await relay.submit(list, { replay: "selected", id: ids.slice(1, 4) })
    expect(await deadOf(relay)).toBe("10 dead letters")
    // Event-10 to Event-14.
    await relay.submit(list, { replay: "all", text: "event-1" })
    expect(await deadOf(relay)).toBe("5 dead letters")
    await relay.submit(list, { replay: "all" })
    expect(await deadOf(relay)).toBe("0 dead letters")
    await until(() => server.received.length === sent + 14)
    expect(await relay.page(list)).toContain("out has no dead letters.")
    expect(relay.log.filter(({ action }) => action === "replay")).toHaveLength(4)
  })

  it("are discarded only once that is confirmed", async () => {
    const { relay } = await refusing(5)
    const ids = idsIn(await relay.page(list))
    const asked = await relay.submit(list, { discard: ids[0] ?? "" })
    expect(asked.status).toBe(200)
    expect(await asked.text()).toContain("Discard 1 dead letter?")
    expect(await (await relay.submit(list, { discard: "all", text: "event-2" })).text()).toContain(
      "Discard 1 dead letter?",
    )
    expect(await (await relay.submit(list, { discard: "all" })).text()).toContain("Discard 5 dead letters?")
    expect(await deadOf(relay)).toBe("5 dead letters")
    await relay.submit(list, { discard: "selected", id: ids.slice(0, 2), confirmed: "yes" })
    expect(await deadOf(relay)).toBe("3 dead letters")
    expect((await relay.submit(list, { discard: "selected", confirmed: "yes" })).status).toBe(400)
    expect((await relay.submit(list, { replay: "selected", id: "x" })).status).toBe(400)
    await relay.submit(list, { discard: "all", confirmed: "yes" })
    expect(await deadOf(relay)).toBe("0 dead letters")
  })

  it("that a route has yet to change show nothing of the event", async () => {
    // The id cannot be redacted, so the event is held back.
    const relay = await pageRelay({ route: 'redact: { patterns: ["hunter[0-9]"] }' })
    expect(await relay.send("hunter2", '{"password":"hunter2"}')).toBe(202)
    await dead(relay, 1)
    const html = await relay.page(list)
    expect(html).toContain("Not shown: a route has to change it first")
    expect(html).not.toContain("hunter2")
    expect(idsIn(await relay.page(`${list}?text=hunter2`))).toEqual([])
    await relay.submit(list, { replay: "all" })
    expect(await relay.page(list)).toContain("0 dead letters replayed. 1 dead letter stayed")
  })
})
