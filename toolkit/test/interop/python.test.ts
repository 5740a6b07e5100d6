import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Pull, XPublisher } from "ohmq"
import { createEvent, decode, encode } from "ohmq-toolkit/events"
import { afterEach, describe, expect, it } from "vitest"
import { bytesOf, eventOf, vectors } from "../events/vectors.js"

const programs: ChildProcess[] = []

afterEach(() => {
  for (const program of programs.splice(0)) program.kill()
})

/** Runs a program of examples/ with Debian's Python, which has python3-zmq. */
function python(name: string, ...args: string[]) {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
  const program = spawn("/usr/bin/python3", [file, ...args])
  programs.push(program)
  return program
}

describe("examples/producer.py", () => {
  it("sends events that are valid", async () => {
    using socket = new Pull({ receiveTimeout: 10_000 })
    await socket.bind("tcp://127.0.0.1:*")
    const file = fileURLToPath(import.meta.url)
    const program = python("producer.py", String(socket.lastEndpoint), "/python", "scan.finished", file)
    const ended = once(program, "exit")
    program.stdin.end('{"findings": 3, "name": "ü"}\n[1.5, null]\n')
    const events = []
    while (events.length < 3) events.push(decode(await socket.receive()))
    expect(events).toMatchObject([
      { source: "/python", type: "scan.finished", data: { findings: 3, name: "ü" } },
      { data: [1.5, null] },
      { subject: file, data: expect.any(Buffer) },
    ])
    expect(new Set(events.map(({ id }) => id)).size).toBe(3)
    expect(Math.abs(Date.parse(events[0]?.time ?? "") - Date.now())).toBeLessThan(60_000)
    expect(await ended).toEqual([0, null])
  })
})

describe("examples/consumer.py", () => {
  it("prints all valid events of the vectors that it subscribed to, and refuses what is not an event", async () => {
    using socket = new XPublisher({ receiveTimeout: 10_000 })
    await socket.bind("tcp://127.0.0.1:*")
    const program = python("consumer.py", String(socket.lastEndpoint), "a.", "end")
    const lines = createInterface(program.stdout)[Symbol.asyncIterator]()
    const refused = createInterface(program.stderr)[Symbol.asyncIterator]()
    const subscriptions = [await socket.receive(), await socket.receive()]
    expect(subscriptions.map(String).sort()).toEqual(["\x01a.", "\x01end"])

    const valid = vectors.filter(({ event, claimedSender }) => event?.type === "a.b" && claimedSender === undefined)
    expect(valid.length).toBeGreaterThan(8)
    await socket.send([Buffer.from("a.b"), Buffer.from("{}")])
    for (const vector of valid) await socket.send(vector.frames.map(bytesOf))
    await socket.send(encode(createEvent({ source: "/s", type: "b.unwanted" })))
    await socket.send(encode(createEvent({ source: "/s", type: "end" })))

    expect((await refused.next()).value).toMatch(/^refused: not an event/)
    const printed = []
    for (;;) {
      const event = JSON.parse((await lines.next()).value)
      if (event.type === "end") break
      printed.push(event)
    }
    expect(printed.map(plain)).toEqual(valid.map((vector) => plain(eventOf(vector) ?? {})))
  })
})

/** An event as the consumer prints it: bytes as Base64. Python keeps attributes that are null. */
function plain(event: Record<string, unknown>) {
  const { data, ...rest } = event
  const attributes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
  if (Buffer.isBuffer(data)) return { ...attributes, data_base64: data.toString("base64") }
  return data === undefined ? attributes : { ...attributes, data }
}
