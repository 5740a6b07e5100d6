import { join } from "node:path"
import { encode as msgpack } from "@msgpack/msgpack"
import { Push } from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"
import { sourceRelay } from "./in-process.js"
import { temporaryFolder, until } from "./support.js"

/** A relay with a PULL socket for a format, and a socket that sends to it. */
async function feed(options: string) {
  const folder = temporaryFolder()
  const endpoint = `ipc://${join(folder, "feed.sock")}`
  const relay = await sourceRelay(`type: zmq, socket: pull, bind: "${endpoint}", ${options}`, folder, "feed")
  const socket = new Push({ connect: endpoint, linger: 1000 })
  onTestFinished(() => socket.close())
  return { ...relay, socket, dead: () => relay.metric('ohmq_relay_sink_dead_letters{sink="archive"}') }
}

const number = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

describe("The source zmq takes", () => {
  it("CloudEvents in JSON, with a topic or without", async () => {
    const { socket, lines } = await feed("format: cloudevents")
    const event = { specversion: "1.0", id: "1", source: "/x", type: "com.example.made", data: { n: 1 } }
    await socket.send(JSON.stringify(event))
    await socket.send(["topic", JSON.stringify({ ...event, id: "2" })])
    expect(await lines(2)).toEqual([event, { ...event, id: "2" }])
  })

  it("JSON, by the message or by the line, byte for byte", async () => {
    const { socket, lines } = await feed("format: json, eventType: feed.sampled")
    await socket.send(["sensors", '{\n "n": 1.0 }'])
    await socket.send('{"n":2}\n{"n":3}\n')
    const found = await lines(3)
    expect(found.map(({ type, subject, source, data }) => ({ type, subject, source, data }))).toEqual([
      { type: "feed.sampled", subject: "sensors", source: "/zmq/feed", data: { n: 1 } },
      { type: "feed.sampled", source: "/zmq/feed", data: { n: 2 } },
      { type: "feed.sampled", source: "/zmq/feed", data: { n: 3 } },
    ])
  })

  it("text and bytes", async () => {
    const { socket, lines } = await feed("format: text")
    await socket.send(["greetings", "grüß"])
    await socket.send([Buffer.from([0xff, 0]), Buffer.from([0xff, 0xfe])])
    expect(await lines(2)).toMatchObject([
      { type: "log.recorded", subject: "greetings", data: "grüß", datacontenttype: "text/plain" },
      { subject: "ff00", data_base64: "//4=", datacontenttype: "application/octet-stream" },
    ])
  })

  it("messages of syslog, with a topic or without", async () => {
    const { socket, lines } = await feed("format: syslog")
    await socket.send("<11>Mar  1 10:00:00 web1 sshd[7]: Failed password\n")
    await socket.send(["logs", "<13>1 - - app - - - ok"])
    expect(await lines(2)).toMatchObject([
      {
        source: "/zmq/feed/web1",
        subject: "sshd",
        severity: "high",
        data: { message: "Failed password", process: "7" },
      },
      { source: "/zmq/feed", subject: "app", data: { message: "ok" } },
    ])
  })

  it("the feed of MISP, without its signs of life", async () => {
    const { socket, lines } = await feed("format: misp")
    await socket.send('misp_json {"Event":{"id":"7","uuid":"5f6ac7a1-0000-4000-8000-000000000001","info":"Phishing"}}')
    await socket.send('misp_json_self {"status":"Uptime","uptime":40}')
    await socket.send(
      'misp_json_attribute {"Attribute":{"uuid":"5f6ac7a1-0000-4000-8000-000000000002"},"action":"add"}',
    )
    const found = await lines(2)
    expect(found).toHaveLength(2)
    expect(found).toMatchObject([
      {
        type: "org.misp-project.event",
        subject: "5f6ac7a1-0000-4000-8000-000000000001",
        data: { Event: { info: "Phishing" } },
      },
      { type: "org.misp-project.attribute", subject: "5f6ac7a1-0000-4000-8000-000000000002" },
    ])
  })

  it("numbered messages, and reports what is missing", async () => {
    const { socket, lines, refused } = await feed("format: sequence, eventType: org.bitcoin.published")
    for (const value of [7, 8, 11, 12]) await socket.send(["hashblock", Buffer.alloc(32, value), number(value)])
    // Each topic has numbers of its own, which wrap; and a publisher that has restarted begins again.
    for (const value of [0xfffffffe, 0xffffffff, 0, 1]) await socket.send(["hashtx", "x", number(value)])
    await socket.send(["hashblock", "y", number(0)])
    const found = await lines(9)
    expect(found.slice(0, 2)).toMatchObject([
      {
        type: "org.bitcoin.published",
        subject: "hashblock",
        sequence: "7",
        data_base64: Buffer.alloc(32, 7).toString("base64"),
      },
      { sequence: "8" },
    ])
    expect(await refused("gap")).toBe(2)
    expect(await refused("restart")).toBe(1)
  })

  it("numbered messages with JSON, whose gaps are counted also if a body cannot be read", async () => {
    const { socket, lines, refused, dead } = await feed("format: sequence-json, eventType: telemetry.position")
    await socket.send(["N123", '{"altitude": 1.00}', number(1)])
    await socket.send(["N123", "{", number(2)])
    await socket.send(["N123", '{"altitude": 3.00}', number(5)])
    expect(await lines(2)).toMatchObject([
      { type: "telemetry.position", subject: "N123", sequence: "1", data: { altitude: 1 } },
      { sequence: "5", data: { altitude: 3 } },
    ])
    expect(await dead()).toBe(1)
    expect(await refused("gap")).toBe(2)
  })

  it("MessagePack, with what JSON has no word for", async () => {
    const { socket, lines } = await feed("format: msgpack")
    const value = {
      n: 1.5,
      big: 2n ** 60n,
      small: 3n,
      bytes: new Uint8Array([1, 2]),
      time: new Date("2026-03-01T10:00:00Z"),
      list: [null, true, "ü"],
    }
    await socket.send(["metrics", Buffer.from(msgpack(value, { useBigInt64: true }))])
    expect(await lines(1)).toMatchObject([
      {
        subject: "metrics",
        data: {
          n: 1.5,
          big: String(2n ** 60n),
          small: 3,
          bytes: "AQI=",
          time: "2026-03-01T10:00:00.000Z",
          list: [null, true, "ü"],
        },
      },
    ])
  })

  it.each<[format: string, message: (string | Buffer)[], reason: RegExp]>([
    ["cloudevents", ["nonsense"], /not-json/],
    ["cloudevents", ['{"specversion":"1.0"}'], /./],
    ["cloudevents", ["a", "b", "c"], /frames: Expected \[text\]/],
    ["json", ['{"n":'], /not-json/],
    ["json", [""], /The message is empty/],
    ["misp", ["other {}"], /begin with a topic of MISP/],
    ["misp", ["misp_json {"], /not-json/],
    ["sequence", ["t", "b", "123"], /4 bytes of sequence/],
    ["sequence-json", ["t", "b", number(1)], /not-json/],
    ["msgpack", [Buffer.from([0xc1])], /not MessagePack/],
    ["msgpack", [Buffer.from([0xd4, 5, 0])], /extension 5/],
    ["msgpack", [Buffer.alloc(100_000, 0x91)], /./],
  ])("as %s what is not %j, keeps it as a dead letter, and goes on", async (format, message, reason) => {
    const { socket, log, dead, lines } = await feed(`format: ${format}`)
    await socket.send(message as [string])
    await until(async () => (await dead()) === 1)
    const line = log.find(({ msg }) => String(msg).includes("becomes a dead letter"))
    expect(`${line?.reason}: ${line?.message}`).toMatch(reason)
    const good: Record<string, (string | Buffer)[]> = {
      cloudevents: ['{"specversion":"1.0","id":"1","source":"/x","type":"y"}'],
      json: ["{}"],
      misp: ["misp_json {}"],
      sequence: ["t", "b", number(1)],
      "sequence-json": ["t", "{}", number(2)],
      msgpack: [Buffer.from([0x01])],
    }
    await socket.send(good[format] as [string])
    expect(await lines(1)).toHaveLength(1)
  })
})
