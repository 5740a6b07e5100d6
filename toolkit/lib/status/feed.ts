// Server-sent events: pages that are open get new figures.

import type { ServerResponse } from "node:http"
import { clearInterval, setInterval } from "node:timers"
import { History, sampleMs, series } from "./history.js"
import { liveValues, shapeOf } from "./live-values.js"
import type { Snapshot, Subject } from "./view.js"

/** More pages than this may not be open. */
const maxReaders = 50
/** A reader that does not read misses events. */
const maxPending = 1 << 20

/** Watches the relay, and tells pages that are open. */
export class Feed {
  readonly history = new History()
  readonly #subject: Subject
  readonly #readers = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | undefined
  #isSampling = false
  #isClosed = false

  constructor(subject: Subject) {
    this.#subject = subject
  }

  /** Begins to keep the history. */
  start(): void {
    this.#timer = setInterval(() => this.#sample(), sampleMs)
    this.#timer.unref()
    this.#sample()
  }

  #sample(): void {
    // If the machine is too busy for one in two seconds, some are left out.
    if (this.#isSampling) return
    this.#isSampling = true
    this.#subject
      .snapshot()
      .then((snapshot) => this.#take(snapshot))
      .catch(({ message }: Error) => this.#subject.log("error", { reason: message }, "The status page has no figures"))
      .finally(() => {
        this.#isSampling = false
      })
  }

  #take(snapshot: Snapshot): void {
    if (this.#isClosed) return
    this.history.add(snapshot)
    if (this.#readers.size === 0) return
    const { history } = this
    const update = {
      shape: shapeOf(snapshot),
      values: liveValues(snapshot, history),
      time: snapshot.time,
      lag: snapshot.sinks.map(({ waiting }) => waiting),
      in: snapshot.sources.map(({ name }) => history.rate(series.source(name))),
      out: snapshot.sinks.map(({ name }) => history.rate(series.sink(name))),
    }
    const message = eventOf("update", update)
    for (const reader of this.#readers) if (reader.writableLength < maxPending) reader.write(message)
  }

  /** The last hour, for the charts of a page. */
  charts({ sources, sinks }: Snapshot) {
    const { history } = this
    return {
      times: history.times,
      lag: sinks.map(({ name }) => ({ name, values: history.levels(series.lag(name)) })),
      in: sources.map(({ name }) => ({ name, values: history.rates(series.source(name)) })),
      out: sinks.map(({ name }) => ({ name, values: history.rates(series.sink(name)) })),
    }
  }

  /** Whether one more page may listen. */
  get hasRoom(): boolean {
    return !this.#isClosed && this.#readers.size < maxReaders
  }

  /** Tells a page, until it is closed. */
  add(response: ServerResponse): void {
    this.#readers.add(response)
    response.once("close", () => this.#readers.delete(response))
    response.on("error", () => {})
    response.write("retry: 2000\n\n")
  }

  /** Says good-bye to all pages: the relay stops. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const reader of this.#readers) reader.end(eventOf("stopping", {}))
  }
}

const eventOf = (name: string, value: unknown): string => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`
