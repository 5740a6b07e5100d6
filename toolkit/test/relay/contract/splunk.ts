// Splunk's HTTP Event Collector, as documented and as measured on Splunk 10.4: what it takes, what it refuses, and in what order.

import { type Answer, ContractServer, type Request } from "./server.js"

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

const texts: Record<number, [status: number, text: string]> = {
  1: [403, "Token disabled"],
  2: [401, "Token is required"],
  3: [401, "Invalid authorization"],
  4: [403, "Invalid token"],
  5: [400, "No data"],
  6: [400, "Invalid data format"],
  7: [400, "Incorrect index"],
  9: [503, "Server is busy"],
  10: [400, "Data channel is missing"],
  11: [400, "Invalid data channel"],
  12: [400, "Event field is required"],
  13: [400, "Event field cannot be blank"],
  14: [400, "ACK is disabled"],
  15: [400, "Error in handling indexed fields"],
  17: [200, "HEC is healthy"],
  18: [503, "HEC is unhealthy, queues are full"],
}

export const hecCode = (code: number, more: Record<string, unknown> = {}): Answer => {
  const [status, text] = texts[code] ?? [500, "Internal server error"]
  return { status, body: { text, code, ...more } }
}

export interface Indexed {
  event: unknown
  time?: unknown
  source?: unknown
  sourcetype?: unknown
  index: string
}

const keys = new Set(["time", "host", "source", "sourcetype", "index", "event", "fields"])

/** JSON objects that follow each other, and where the first invalid one is. */
function objects(text: string): { values: unknown[]; isWhole: boolean } {
  const values: unknown[] = []
  let depth = 0
  let start = 0
  let isText = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (isText) {
      if (char === "\\") i++
      else if (char === '"') isText = false
    } else if (char === '"') isText = true
    else if (char === "{" && depth++ === 0) start = i
    else if (char === "}" && --depth === 0) {
      try {
        values.push(JSON.parse(text.slice(start, i + 1)))
      } catch {
        return { values, isWhole: false }
      }
    } else if (depth === 0 && !/\s/.test(char as string)) return { values, isWhole: false }
  }
  return { values, isWhole: depth === 0 }
}

export class SplunkServer extends ContractServer {
  readonly indexed: Indexed[] = []
  token = "11111111-2222-3333-4444-555555555555"
  isDisabled = false
  hasAck = false
  /** Whether the indexer works: if not, nothing is acknowledged. */
  isIndexing = true
  isHealthy = true
  indexes = ["main"]
  /** The code of an event that is invalid. */
  rejects: (event: unknown) => number | undefined = () => undefined
  maxBytes = 1_000_000
  /** How a body that is too large is refused. */
  tooLarge: "status" | "code" = "status"
  readonly #next = new Map<string, number>()
  /** The numbers that were not asked for yet, by channel. */
  readonly #open = new Map<string, Set<number>>()

  protected handle(request: Request): Answer {
    const { pathname } = request.url
    if (pathname === "/services/collector/health") return hecCode(this.isHealthy ? 17 : 18)
    const problem = this.#authorize(request)
    if (problem !== undefined) return hecCode(problem)
    const channel =
      request.url.searchParams.get("channel") ?? (request.headers["x-splunk-request-channel"] as string | undefined)
    if (pathname === "/services/collector/ack") return this.#acknowledge(request, channel)
    const isRaw = pathname === "/services/collector/raw"
    if (!isRaw && pathname !== "/services/collector/event")
      return { status: 404, body: { text: "The requested URL was not found on this server.", code: 404 } }
    if (request.method !== "POST") return { status: 405, body: { text: "Method Not Allowed", code: 405 } }
    if (channel === undefined ? isRaw || this.hasAck : !guid.test(channel))
      return hecCode(channel === undefined ? 10 : 11)
    if (request.body === undefined) return hecCode(6, { "invalid-event-number": 0 })
    if (request.body.length > this.maxBytes)
      return this.tooLarge === "status" ? { status: 413, body: "<html>" } : hecCode(6, { "invalid-event-number": 0 })
    if (request.body.toString().trim() === "") return hecCode(5)
    return isRaw ? this.#raw(request, channel) : this.#events(request.body.toString(), channel)
  }

  #authorize({ headers }: Request): number | undefined {
    const { authorization } = headers
    if (authorization === undefined) return 2
    if (!authorization.startsWith("Splunk ")) return 3
    if (authorization !== `Splunk ${this.token}`) return 4
    return this.isDisabled ? 1 : undefined
  }

  #raw({ url, body }: Request, channel: string | undefined): Answer {
    const index = url.searchParams.get("index") ?? "main"
    if (!this.indexes.includes(index)) return hecCode(7, { "invalid-event-number": 1 })
    for (const event of String(body).split("\n")) {
      if (event.trim() !== "") this.indexed.push({ event, index, sourcetype: url.searchParams.get("sourcetype") })
    }
    return hecSuccess(this.#number(channel))
  }

  /** The events before an invalid one are indexed. */
  #events(text: string, channel: string | undefined): Answer {
    const { values, isWhole } = objects(text)
    let isSilent = false
    for (const [number, value] of values.entries()) {
      const one = value as Record<string, unknown>
      const code = this.#problem(one)
      if (code !== undefined) {
        const ackId = number > 0 ? this.#number(channel) : undefined
        return hecCode(code, { "invalid-event-number": code === 7 ? number + 1 : number, ...ackOf(ackId) })
      }
      // An unknown key makes the rest vanish.
      if (Object.keys(one).some((key) => !keys.has(key))) isSilent = true
      if (!isSilent) this.indexed.push({ ...one, event: one.event, index: (one.index as string) ?? "main" })
    }
    if (!isWhole) return hecCode(6, { "invalid-event-number": values.length })
    return hecSuccess(this.#number(channel))
  }

  #problem({ event, index, fields }: Record<string, unknown>): number | undefined {
    if (event === undefined || event === null) return 12
    if (event === "") return 13
    if (index !== undefined && !this.indexes.includes(index as string)) return 7
    if (fields !== undefined && Object.values(fields as object).some((one) => typeof one === "object")) return 15
    return this.rejects(event)
  }

  #number(channel: string | undefined): number | undefined {
    if (!this.hasAck || channel === undefined) return undefined
    const next = this.#next.get(channel) ?? 0
    this.#next.set(channel, next + 1)
    this.#open.set(channel, (this.#open.get(channel) ?? new Set()).add(next))
    return next
  }

  #acknowledge({ body }: Request, channel: string | undefined): Answer {
    if (!this.hasAck) return hecCode(14)
    if (channel === undefined) return hecCode(10)
    const { acks } = JSON.parse(String(body)) as { acks: number[] }
    const open = this.#open.get(channel)
    return {
      status: 200,
      body: { acks: Object.fromEntries(acks.map((id) => [id, this.isIndexing && (open?.delete(id) ?? false)])) },
    }
  }
}

const ackOf = (ackId: number | undefined) => (ackId === undefined ? {} : { ackId })

const hecSuccess = (ackId: number | undefined): Answer => ({
  status: 200,
  body: { text: "Success", code: 0, ...ackOf(ackId) },
})
