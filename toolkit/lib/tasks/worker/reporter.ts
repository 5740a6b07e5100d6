// Reports of a worker, in as few messages as possible, each until it is acknowledged.

import type { Connection } from "../client/connection.js"
import { CHUNK_BYTES } from "../protocol.js"
import { TaskError, type TaskErrorCode } from "../queue/index.js"
import type { Report } from "../server/reports.js"

/** What the queue says of a report. Undefined if it was accepted. */
export type Verdict = TaskError | undefined

interface Waiting {
  report: Report
  size: number
  done: (verdict: Verdict) => void
}

const REPORTS_A_MESSAGE = 500

const sizeOf = (report: Report): number =>
  "result" in report && report.result !== undefined ? (JSON.stringify(report.result)?.length ?? 0) : 0

/** Collects the reports of a turn of the event loop. */
export class Reporter {
  readonly #connection: Connection
  readonly #instance: string
  #waiting: Waiting[] = []
  #isScheduled = false

  constructor(connection: Connection, instance: string) {
    this.#connection = connection
    this.#instance = instance
  }

  /** Sends a report. Resolves to what the queue says, however often it has to be sent until then. */
  report(report: Report): Promise<Verdict> {
    return new Promise((done) => {
      this.#waiting.push({ report, size: sizeOf(report), done })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      const waiting = this.#waiting
      this.#waiting = []
      for (let from = 0; from < waiting.length; ) {
        let size = 0
        let to = from
        for (; to < waiting.length && to - from < REPORTS_A_MESSAGE && size < CHUNK_BYTES; to++)
          size += (waiting[to] as Waiting).size
        void this.#send(waiting.slice(from, to))
        from = to
      }
    })
  }

  async #send(some: Waiting[]): Promise<void> {
    const reports = some.map(({ report }) => report)
    try {
      const answer = await this.#connection.request("report", { instance: this.#instance, reports })
      const results = answer.results as ({ code: TaskErrorCode; message: string } | null)[]
      some.forEach(({ done }, index) => {
        const refusal = results[index]
        done(refusal ? new TaskError(refusal.code, refusal.message) : undefined)
      })
    } catch (error) {
      for (const { done } of some) done(error as TaskError)
    }
  }
}
