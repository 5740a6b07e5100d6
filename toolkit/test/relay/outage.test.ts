// Sinks whose server is down for an hour and comes back, on a clock that stands still.

import { once } from "node:events"
import { createServer } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { clockedRelay } from "./clocked-relay.js"
import { ElasticsearchServer } from "./contract/elasticsearch.js"
import { type Answer, ContractServer, type Request } from "./contract/server.js"
import { SplunkServer } from "./contract/splunk.js"
import { freePort, until } from "./support.js"

const hour = 3600e3

class HookServer extends ContractServer {
  readonly ids: string[] = []

  protected handle({ body }: Request): Answer {
    this.ids.push((JSON.parse(String(body)) as { id: string }).id)
    return { status: 200 }
  }
}

interface Kind {
  options: (port: number) => string
  /** Starts the server. Resolves to what says the ids of the events that it has. */
  start: (port: number) => Promise<() => string[]>
}

const kinds: Record<string, Kind> = {
  webhook: {
    options: (port) => `type: webhook, url: "http://127.0.0.1:${port}/"`,
    start: async (port) => {
      const server = await new HookServer().listen(undefined, port)
      return () => server.ids
    },
  },
  "splunk-hec": {
    options: (port) => `type: splunk-hec, url: "http://127.0.0.1:${port}", token: env:TEST_HEC_TOKEN`,
    start: async (port) => {
      const server = await new SplunkServer().listen(undefined, port)
      return () => server.indexed.map(({ event }) => (event as { id: string }).id)
    },
  },
  elasticsearch: {
    options: (port) => `type: elasticsearch, url: "http://127.0.0.1:${port}", index: events`,
    start: async (port) => {
      const server = await new ElasticsearchServer().listen(undefined, port)
      return () => [...server.documentsIn("events").values()].map(({ event }) => (event as { id: string }).id)
    },
  },
  syslog: {
    options: (port) => `type: syslog, connect: "tcp://127.0.0.1:${port}", settle: 5ms`,
    start: async (port) => {
      let text = ""
      const server = createServer((socket) => {
        socket.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk
        })
        onTestFinished(() => void socket.destroy())
      })
      server.listen(port, "127.0.0.1")
      await once(server, "listening")
      onTestFinished(() => void server.close())
      return () => [...text.matchAll(/cloudevents@32473 id="([^"]*)"/g)].map(([, id]) => id as string)
    },
  },
}

describe("A server that is down for an hour", () => {
  it.each(Object.keys(kinds))("gets every event once when it is back: %s", async (name) => {
    const { options, start } = kinds[name] as Kind
    process.env.TEST_HEC_TOKEN = "11111111-2222-3333-4444-555555555555"
    const port = await freePort()
    const { clock, log, metric, send, archived } = await clockedRelay(`{ ${options(port)} }`)
    const ids = Array.from({ length: 10 }, (_, index) => `event-${index}`)
    for (const id of ids.slice(0, 5)) await send(id)
    while (clock.now() < hour) clock.advance(Math.max(...(await clock.waits())))
    // It tried now and then, said so once, and nothing else waited for it.
    const retries = await metric('ohmq_relay_delivery_retries_total{sink="out"}')
    expect(retries).toBeGreaterThan(10)
    expect(retries).toBeLessThan(200)
    expect(log.filter(({ msg }) => String(msg).startsWith("The sink fails"))).toHaveLength(1)
    for (const id of ids.slice(5)) await send(id)
    await archived(10)

    const received = await start(port)
    await until(async () => {
      clock.advance(hour)
      return (await metric('ohmq_relay_sink_lag_events{sink="out"}')) === 0
    })
    await until(() => received().length >= ids.length)
    expect(received()).toEqual(ids)
    expect(await metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
  })
})
