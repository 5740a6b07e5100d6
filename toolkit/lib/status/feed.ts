// Server-sent events: pages that are open get new figures.

import type { ServerResponse } from "node:http"
import { History, sampleMs, series } from "./history.js"
import { liveValues, shapeOf } from "./live-values.js"
import type { Snapshot, Subject } from "./view/subject.js"

/** More pages than this may not be open. */
const maxReaders = 50
/** A reader that does not read misses events. */
const maxPending = 1 << 20

/** Watches the program, and tells pages that are open. */
export class Feed {
  readonly history = new History()
  readonly #subject: Subject
  readonly #readers = new Set<ServerResponse>()
  readonly #closed = new AbortController()

  constructor(subject: Subject) {
    this.#subject = subject
  }

  /** Keeps the history until it is closed. */
  async run(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      try {
        this.#take(await this.#subject.snapshot())
      } catch (error) {
        this.#subject.log("error", { reason: (error as Error).message }, "The status page has no figures")
      }
      await this.#subject.wait(sampleMs, signal)
    }
  }

  #take(snapshot: Snapshot): void {
    if (this.#closed.signal.aborted) return
    this.history.add(snapshot)
    if (this.#readers.size === 0) return
    const { history } = this
    const { sources = [], sinks = [] } = snapshot.relay ?? {}
    const update = {
      shape: shapeOf(snapshot),
      values: liveValues(snapshot, history),
      time: snapshot.time,
      lag: sinks.map(({ waiting }) => waiting),
      in: sources.map(({ name }) => history.rate(series.source(name))),
      out: sinks.map(({ name }) => history.rate(series.sink(name))),
    }
    const message = eventOf("update", update)
    for (const reader of this.#readers) if (reader.writableLength < maxPending) reader.write(message)
  }

  /** The last hour, for the charts of a page. */
  charts({ relay }: Snapshot) {
    const { history } = this
    const { sources = [], sinks = [] } = relay ?? {}
    return {
      times: history.times,
      lag: sinks.map(({ name }) => ({ name, values: history.levels(series.lag(name)) })),
      in: sources.map(({ name }) => ({ name, values: history.rates(series.source(name)) })),
      out: sinks.map(({ name }) => ({ name, values: history.rates(series.sink(name)) })),
    }
  }

  /** Whether one more page may listen. */
  get hasRoom(): boolean {
    return !this.#closed.signal.aborted && this.#readers.size < maxReaders
  }

  /** Tells a page, until it is closed. */
  add(response: ServerResponse): void {
    this.#readers.add(response)
    response.once("close", () => this.#readers.delete(response))
    response.on("error", () => {})
    response.write("retry: 2000\n\n")
  }

  /** Says good-bye to all pages: the program stops. */
  close(): void {
    this.#closed.abort()
    for (const reader of this.#readers) reader.end(eventOf("stopping", {}))
  }
}

const eventOf = (name: string, value: unknown): string => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`
