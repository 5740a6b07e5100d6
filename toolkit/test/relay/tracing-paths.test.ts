// The context of a trace through ØMQ and syslog: in and out, with an OpenTelemetry SDK and without.

import { writeFileSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { trace } from "@opentelemetry/api"
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Pull, Push } from "ohmq"
import { createEvent, decode, encode } from "ohmq-toolkit/events"
import { Relay, readConfig } from "ohmq-toolkit/relay"
import { pino } from "pino"
import { afterEach, describe, expect, it, onTestFinished } from "vitest"
import { freePort, temporaryFolder, until } from "./support.js"

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const parentId = "00f067aa0ba902b7"
const traceparent = `00-${traceId}-${parentId}-01`
const tracestate = 'rojo=00f067aa0ba902b7,quote=a"]\\z'

afterEach(() => trace.disable())

/** An SDK. Returns its finished spans by name. */
function tracing() {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  return async (name: string) => {
    await until(() => exporter.getFinishedSpans().some((span) => span.name === name))
    return exporter.getFinishedSpans().filter((span) => span.name === name)
  }
}

/** A relay that brings what one source has to one sink. */
async function relayOf(source: string, sink: string): Promise<void> {
  const folder = temporaryFolder()
  const config = `version: 1
store: { path: ./data }
sources: { in: { ${source} } }
routes: [{ name: all, from: [in], to: [out] }]
sinks: { out: { ${sink} } }
`
  writeFileSync(join(folder, "relay.yaml"), config)
  const relay = await Relay.start(readConfig(join(folder, "relay.yaml")), pino({ level: "silent" }))
  onTestFinished(() => relay.stop(0))
}

/** A ØMQ source and sink: what goes in, and the frames that come out. */
async function throughZmq(): Promise<{ push: Push; pull: Pull }> {
  const [into, out] = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`]
  await relayOf(`type: zmq, socket: pull, bind: "${into}"`, `type: zmq, socket: push, bind: "${out}"`)
  const push = new Push()
  const pull = new Pull()
  onTestFinished(() => push.close())
  onTestFinished(() => pull.close())
  push.connect(into)
  pull.connect(out)
  return { push, pull }
}

/** A source and a sink of syslog: what goes in, and the first message that comes out. */
async function throughSyslog(message: string): Promise<string> {
  const into = await freePort()
  const connections: Socket[] = []
  let received = ""
  const server = createServer((socket) => {
    connections.push(socket)
    socket.on("data", (chunk) => {
      received += chunk
    })
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  onTestFinished(() => {
    for (const one of connections) one.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  await relayOf(
    `type: syslog, bind: "tcp://127.0.0.1:${into}"`,
    `type: syslog, connect: "tcp://127.0.0.1:${port}", settle: 5ms`,
  )
  const client = connect(into, "127.0.0.1")
  onTestFinished(() => void client.destroy())
  client.end(`${message}\n`)
  await until(() => received.includes("the end"))
  return received
}

const syslogMessage = `<14>1 2026-03-01T10:00:00Z host app 1 ID [other@1 traceparent="00-bad"][trace@1 traceparent="${traceparent}" tracestate="${tracestate.replace(/["\\\]]/g, "\\$&")}"] the end`

/** A parameter of the structured data of a message. */
const parameter = (message: string, name: string) =>
  new RegExp(` ${name}="((?:[^"\\\\\\]]|\\\\.)*)"`).exec(message)?.[1]?.replace(/\\(.)/g, "$1")

describe("The trace of an event over ØMQ", () => {
  it("passes in the event, as it is", async () => {
    const { push, pull } = await throughZmq()
    const frames = encode(createEvent({ source: "/scanner", type: "scan.finished", traceparent, tracestate: "a=1" }))
    await push.send([...frames] as Buffer[])
    const received = await pull.receive()
    expect(decode(received)).toMatchObject({ traceparent, tracestate: "a=1" })
    expect(Buffer.concat(received).equals(Buffer.concat([...frames]))).toBe(true)
  })

  it("has spans of the receipt and of the delivery, whose parent is the event's", async () => {
    const spans = tracing()
    const { push, pull } = await throughZmq()
    const frames = encode(createEvent({ source: "/scanner", type: "scan.finished", traceparent }))
    await push.send([...frames] as Buffer[])
    expect(decode(await pull.receive()).traceparent).toBe(traceparent)
    for (const name of ["receive in", "send out"])
      expect(await spans(name)).toMatchObject([{ parentSpanContext: { traceId, spanId: parentId, isRemote: true } }])
  })
})

describe("The trace of an event over syslog", () => {
  it("passes in structured data", async () => {
    const message = await throughSyslog(syslogMessage)
    expect(parameter(message, "traceparent")).toBe(traceparent)
    expect(parameter(message, "tracestate")).toBe(tracestate)
  })

  it("leaves out what is invalid", async () => {
    const message = await throughSyslog(syslogMessage.replace(traceId, "0".repeat(32)))
    expect(parameter(message, "type")).toBe("log.recorded")
    expect(parameter(message, "traceparent")).toBeUndefined()
    expect(parameter(message, "tracestate")).toBeUndefined()
  })

  it("goes on from the span of the delivery, if there is an SDK", async () => {
    const spans = tracing()
    const message = await throughSyslog(syslogMessage)
    const [receipt] = await spans("receive in")
    const [delivery] = await spans("send out")
    expect(receipt?.parentSpanContext).toMatchObject({ traceId, spanId: parentId })
    expect(delivery?.parentSpanContext).toMatchObject({ traceId, spanId: parentId })
    expect(parameter(message, "traceparent")).toBe(`00-${traceId}-${delivery?.spanContext().spanId}-01`)
    expect(parameter(message, "tracestate")).toBe(tracestate)
  })
})
