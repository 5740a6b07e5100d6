import { createHmac } from "node:crypto"
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { Subscriber } from "ohmq"
import { decode } from "ohmq-toolkit/events"
import { openStore } from "ohmq-toolkit/store"
import { serveTasks, TaskClient } from "ohmq-toolkit/tasks"
import { describe, expect, it, onTestFinished } from "vitest"
import { freePort, standardSecret, temporaryFolder, until } from "../relay/support.js"
import { configWith, endsOf, startResponder } from "./support.js"

process.env.STANDARD_SECRET = standardSecret

const rules = (action: string, rule = "") =>
  configWith(`
actions:
  ask: { ${action}, parameters: { name: text } }
rules:
  - { name: all, when: "true", do: ask, with: { name: data.name }${rule} }
`)

interface Got {
  headers: IncomingHttpHeaders
  body: string
}

interface Answer {
  status: number
  headers?: OutgoingHttpHeaders
}

/** A server that answers with a status, or not at all; or with one answer after the other, of which the last one stays. */
async function serverWith(
  answers: number | undefined | readonly Answer[],
  port = 0,
): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = []
  const list = answers === undefined ? [] : typeof answers === "number" ? [{ status: answers }] : answers
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (text) => {
      body += text
    })
    request.on("end", () => {
      got.push({ headers: request.headers, body })
      const answer: Answer | undefined = list[Math.min(got.length, list.length) - 1]
      if (answer) response.writeHead(answer.status, answer.headers).end("what it says")
    })
  })
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got }
}

describe("The action webhook", () => {
  it("sends a signed event, whose id is that of the response", async () => {
    const { url, got } = await serverWith(204)
    const respond = await startResponder(
      rules(`type: webhook, url: "${url}", secret: env:STANDARD_SECRET, undo: { url: "${url}" }`, ", expires: 1h"),
    )
    await respond.alert({ name: "a; b" })
    const [{ id } = { id: "" }] = await respond.reached("active")
    respond.clock.forward(3600_000)
    await respond.reached("ended")
    expect(endsOf(await respond.entries())).toEqual(["action done", "undo done"])
    const [asked, undone] = got.map(({ body }) => JSON.parse(body))
    const data = { id, rule: "all", action: "ask", parameters: { name: "a; b" } }
    expect(asked).toMatchObject({
      id,
      source: "/respond",
      type: "response.requested",
      data: { ...data, run: "action" },
    })
    expect(undone).toMatchObject({ id: `${id}-undo`, data: { ...data, run: "undo" } })
    const { headers = {}, body = "" } = got[0] ?? {}
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`
    const key = Buffer.from(standardSecret.slice(6), "base64")
    expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`)
  })

  it.each([
    ["fails with an answer that is for ever", 422, "failed", "The server answered 422: what it says"],
    ["times out without one", undefined, "timed out", "There was no answer within 0.3 s"],
  ])("%s", async (_, status, outcome, reason) => {
    const { url, got } = await serverWith(status)
    const respond = await startResponder(rules(`type: webhook, url: "${url}", timeout: 300ms`))
    await respond.alert({ name: "a" })
    expect(await respond.recorded("response.finished")).toMatchObject([{ outcome, reason }])
    expect(got).toHaveLength(1)
  })

  it("is sent again while the receiver fails for now, under the same id", async () => {
    const { url, got } = await serverWith([
      { status: 503 },
      { status: 429, headers: { "retry-after": "1" } },
      { status: 500 },
      { status: 204 },
    ])
    const respond = await startResponder(rules(`type: webhook, url: "${url}"`))
    const began = performance.now()
    await respond.alert({ name: "a" })
    expect(await respond.recorded("response.finished")).toMatchObject([{ outcome: "done" }])
    // It waits for as long as the receiver asks.
    expect(performance.now() - began).toBeGreaterThan(990)
    expect(got).toHaveLength(4)
    expect(new Set(got.map(({ headers }) => headers["webhook-id"])).size).toBe(1)
    expect(new Set(got.map(({ body }) => body)).size).toBe(1)
    expect(await respond.recorded("response.started")).toHaveLength(1)
  })

  it("is sent once the receiver is there", async () => {
    const port = await freePort()
    const respond = await startResponder(rules(`type: webhook, url: "http://127.0.0.1:${port}/hook"`))
    await respond.alert({ name: "a" })
    await respond.recorded("response.started")
    await new Promise((later) => setTimeout(later, 300))
    const { got } = await serverWith(204, port)
    expect(await respond.recorded("response.finished")).toMatchObject([{ outcome: "done" }])
    expect(got).toHaveLength(1)
  })

  it("fails when the time limit leaves no time for another attempt", async () => {
    const { url, got } = await serverWith(500)
    const respond = await startResponder(rules(`type: webhook, url: "${url}", timeout: 3s`))
    await respond.alert({ name: "a" })
    const [finished] = await respond.recorded("response.finished")
    expect(finished).toMatchObject({ outcome: "failed", isPartial: true })
    expect(finished).toHaveProperty("reason", `The server answered 500: what it says (${got.length} attempts)`)
    expect(got.length).toBeGreaterThan(1)
    expect(got.length).toBeLessThan(30)
  })

  it("fails at once if the receiver asks for a wait that is longer than the time limit", async () => {
    const { url, got } = await serverWith([{ status: 429, headers: { "retry-after": "60" } }])
    const respond = await startResponder(rules(`type: webhook, url: "${url}"`))
    await respond.alert({ name: "a" })
    const reason = "The server answered 429: what it says. It wants to be asked again in 60 s, which is too late"
    expect(await respond.recorded("response.finished")).toMatchObject([{ outcome: "failed", reason }])
    expect(got).toHaveLength(1)
  })

  it("fails without a server", async () => {
    const respond = await startResponder(
      rules(`type: webhook, url: "http://127.0.0.1:${await freePort()}/", timeout: 1s`),
    )
    await respond.alert({ name: "a" })
    expect(await respond.recorded("response.finished")).toMatchObject([
      { outcome: "failed", reason: expect.stringContaining("ECONNREFUSED") },
    ])
  })
})

describe("The action publish", () => {
  it("sends an event over ØMQ", async () => {
    const port = await freePort()
    const respond = await startResponder(
      rules(`type: publish, socket: pub, bind: "tcp://127.0.0.1:${port}", event: response.wanted`),
    )
    using subscriber = new Subscriber({ subscribe: ["response.wanted"] })
    subscriber.connect(`tcp://127.0.0.1:${port}`)
    const received = subscriber.receive()
    // A PUB socket drops what is sent before it knows the subscription.
    let name = 0
    await until(async () => {
      await respond.alert({ name: String(name++) })
      return Promise.race([received.then(() => true), new Promise<false>((later) => setTimeout(later, 50, false))])
    })
    const event = decode(await received)
    expect(event).toMatchObject({ type: "response.wanted", source: "/respond", data: { run: "action", action: "ask" } })
    expect(respond.responder.list().map(({ id }) => id)).toContain(event.id)
  })
})

describe("The action task", () => {
  it("submits a task, once it is stored, and one that takes it back", async () => {
    const store = await openStore(join(temporaryFolder(), "tasks"))
    onTestFinished(() => store.close())
    const server = await serveTasks(store, { bind: "tcp://127.0.0.1:*" })
    onTestFinished(() => server.close())
    const { endpoint } = server
    const action = `type: task, connect: "${endpoint}", queue: scans, undo: { connect: "${endpoint}" }`
    const respond = await startResponder(rules(action, ", expires: 1h"))
    await respond.alert({ name: "a" })
    const [{ id } = { id: "" }] = await respond.reached("active")
    respond.clock.forward(3600_000)
    await respond.reached("ended")
    using client = new TaskClient({ connect: endpoint })
    const data = { id, rule: "all", action: "ask", parameters: { name: "a" } }
    expect(await client.show(id)).toMatchObject({ queue: "scans", input: { ...data, run: "action" } })
    expect(await client.show(`${id}-undo`)).toMatchObject({ queue: "default", input: { ...data, run: "undo" } })
  })

  it("times out if no queue answers", async () => {
    const respond = await startResponder(
      rules(`type: task, connect: "tcp://127.0.0.1:${await freePort()}", timeout: 300ms`),
    )
    await respond.alert({ name: "a" })
    expect(await respond.recorded("response.finished")).toMatchObject([
      { outcome: "timed out", reason: expect.stringContaining("did not answer within 300 ms") },
    ])
  })
})
