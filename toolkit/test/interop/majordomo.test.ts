import { fileURLToPath } from "node:url"
import { MajordomoClient, type MajordomoHandler, MajordomoWorker } from "ohmq-toolkit/services"
import { describe, expect, it, onTestFinished } from "vitest"
import { until } from "../relay/support.js"
import { Daemon } from "./daemons.js"

const HEARTBEAT = 100

/** Runs majordomo.py with Debian's Python, which has python3-zmq. */
const python = (...args: string[]) =>
  new Daemon("/usr/bin/python3", [fileURLToPath(new URL("majordomo.py", import.meta.url)), ...args])

async function brokered() {
  const broker = python("broker", String(HEARTBEAT))
  await until(() => broker.said.includes("\n"))
  const address = broker.said.slice(0, broker.said.indexOf("\n"))
  const client = new MajordomoClient({ broker: address })
  onTestFinished(() => client.close())
  return { broker, address, client }
}

async function working(address: string, service: string, handler: MajordomoHandler) {
  const worker = new MajordomoWorker(service, { broker: address, heartbeat: HEARTBEAT }, handler)
  onTestFinished(() => worker.close())
  return worker
}

async function* partials(body: Buffer[]) {
  yield "one"
  yield ["two", ...body]
  return "end"
}

const all = async (replies: AsyncIterable<Buffer[]>) => {
  const list: string[][] = []
  for await (const reply of replies) list.push(reply.map(String))
  return list
}

describe("MajordomoClient", () => {
  it("gets partial and final replies of a worker in Python, many at a time", async () => {
    const { client, address } = await brokered()
    python("worker", address, "count", "2")
    expect(await all(client.stream("count", "x"))).toEqual([
      ["0", "x"],
      ["1", "x"],
      ["python", "x"],
    ])
    const bodies = Array.from({ length: 50 }, (_, index) => String(index))
    const replies = await Promise.all(bodies.map((body) => client.request("count", [body, "more"])))
    expect(replies.map((reply) => reply.map(String))).toEqual(bodies.map((body) => ["python", body, "more"]))
  })

  it("times out without a worker, after its retries, and drops late replies", async () => {
    const { client, address, broker } = await brokered()
    const late = client.request("count", "late", { timeout: 200, retries: 1 })
    await expect(late).rejects.toMatchObject({
      code: "TIMEOUT",
      message: `"count" did not answer within 200 ms at ${address}`,
    })
    python("worker", address, "count", "0")
    expect((await client.request("count", "next")).map(String)).toEqual(["python", "next"])
    const controller = new AbortController()
    const reply = client.request("nobody", "x", { signal: controller.signal })
    controller.abort(new Error("enough"))
    await expect(reply).rejects.toThrow("enough")
    expect(broker.said).not.toContain("malformed")
  })
})

describe("MajordomoWorker", () => {
  it("answers a client in Python", async () => {
    const { address } = await brokered()
    await working(address, "letters", partials)
    const client = python("client", address, "letters", "a", "b")
    await until(() => client.said.includes("final"))
    expect(client.said).toBe("partial one\npartial two a b\nfinal end\n")
  })

  it("stays registered while it works longer than its broker waits for heartbeats", async () => {
    const { address, client, broker } = await brokered()
    await working(address, "slow", async (body) => {
      await new Promise((done) => setTimeout(done, HEARTBEAT * 5))
      return body
    })
    expect((await client.request("slow", "x")).map(String)).toEqual(["x"])
    expect(broker.said).not.toContain("expired")
    expect(broker.said.match(/ready/g)).toHaveLength(1)
  })

  it("registers again after its handler failed, and the broker gives the request to it again", async () => {
    const { address, client } = await brokered()
    let count = 0
    const failures: string[] = []
    const worker = await working(address, "shaky", () => {
      if (++count === 1) throw new Error("first")
      return "second"
    })
    worker.on("failed", (error) => failures.push((error as Error).message))
    expect((await client.request("shaky", "x")).map(String)).toEqual(["second"])
    expect(failures).toEqual(["first"])
  })

  it("notices a broker that is dead", async () => {
    const first = await brokered()
    const reasons: string[] = []
    const worker = await working(first.address, "echo", (body) => body)
    worker.on("disconnected", (reason) => reasons.push(reason))
    expect((await first.client.request("echo", "x")).map(String)).toEqual(["x"])
    await first.broker.end()
    await until(() => reasons.length > 0)
    expect(reasons[0]).toBe("The broker is silent")
  })

  it("tells the broker when it leaves", async () => {
    const { address, broker } = await brokered()
    const worker = await working(address, "echo", (body) => body)
    await until(() => broker.said.includes("ready echo"))
    await worker.close()
    await until(() => broker.said.includes("disconnect"))
  })
})
