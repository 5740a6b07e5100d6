// The status page of a queue.

import { performance } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"
import type { Logger } from "pino"
import { version } from "../../relay/version.js"
import type { Snapshot, Subject, TaskQuery, TaskView, WorkSubject, WorkView } from "../../status/index.js"
import { type TaskView as QueueTask, type TaskServer, type TaskState, taskStates } from "../../tasks/index.js"

const isState = (text: string | undefined): text is TaskState => taskStates.some((state) => state === text)

/** Why a task waits, or how it ended. */
function noteOf({ state, reason, notBefore, progress, cancelling }: QueueTask, isPaused: boolean): string {
  if (cancelling) return "It is being cancelled"
  if (state === "running" && progress !== undefined) return JSON.stringify(progress)
  if (state === "ready" && isPaused) return "Its queue is paused"
  if (state === "scheduled" && notBefore !== undefined)
    return `Not before ${new Date(notBefore).toISOString()}${reason === undefined ? "" : `: ${reason}`}`
  if (state === "blocked") return "It waits for other tasks"
  return reason ?? ""
}

/** A queue, as the status page needs it. */
export class QueuePage implements Subject, WorkSubject {
  readonly title = "ohmq tasks"
  readonly work: WorkSubject = this
  readonly #server: TaskServer
  readonly #log: Logger
  readonly #started = Date.now()
  /** Since when workers are known. */
  readonly #workers = new Map<string, number>()

  constructor(server: TaskServer, log: Logger) {
    this.#server = server
    this.#log = log
  }

  async snapshot(): Promise<Snapshot> {
    return {
      time: Date.now(),
      elapsed: performance.now(),
      version,
      started: this.#started,
      state: this.#server.isReady ? "ready" : "draining",
      work: this.#work(),
    }
  }

  #work(): WorkView {
    const { queues, workers } = this.#server.snapshot()
    const now = Date.now()
    const names = new Set(workers.map(({ name, queue }) => `${name} of ${queue}`))
    for (const name of this.#workers.keys()) if (!names.has(name)) this.#workers.delete(name)
    return {
      queues: queues.map(({ name, counts, settings }) => ({
        name,
        isPaused: settings.paused,
        counts: { ...counts },
        // Of a queue in which nothing is ready, all tasks would be looked at.
        oldest:
          counts.ready === 0
            ? undefined
            : this.#server.list({ queue: name, states: ["ready"], max: 1 }).tasks[0]?.submitted,
      })),
      workers: workers.map(({ name, queue, user, credit, running }) => {
        const key = `${name} of ${queue}`
        const since = this.#workers.get(key) ?? now
        this.#workers.set(key, since)
        return { name: key, identity: user, since, lastSeen: now, running, credit: credit - running }
      }),
      batches: this.#server.batches(100).map(({ id, counts }) => {
        const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
        const { finished, failed, cancelled, expired } = counts
        return { id, total, finished, ended: finished + failed + cancelled + expired }
      }),
    }
  }

  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return setTimeout(milliseconds, undefined, { signal, ref: false }).catch(() => {})
  }

  log(level: "info" | "warn" | "error", details: Record<string, unknown>, message: string): void {
    this.#log[level](details, message)
  }

  async tasks({ queue, state, after, max }: TaskQuery): Promise<TaskView[]> {
    if (state !== undefined && !isState(state)) return []
    const last = after === undefined ? 0 : (this.#server.list({ ids: [after] }).tasks[0]?.seq ?? 0)
    const { tasks } = this.#server.list({ queue, max, after: last, ...(state && { states: [state] }) })
    const isPaused = this.#server.snapshot().queues.some(({ name, settings }) => name === queue && settings.paused)
    return tasks.map((task) => {
      const { id, attempt, submitted, worker } = task
      return {
        id,
        queue,
        state: task.state,
        attempts: attempt,
        submitted,
        worker,
        note: noteOf(task, isPaused),
        canCancel: task.ended === undefined,
        canRetry: task.state === "failed",
      }
    })
  }

  async pause(queue: string): Promise<void> {
    await this.#server.change({ do: "configure", queue, settings: { paused: true } })
  }

  async resume(queue: string): Promise<void> {
    await this.#server.change({ do: "configure", queue, settings: { paused: false } })
  }

  async cancel(id: string): Promise<boolean> {
    return (await this.#server.cancel({ ids: [id] }, "It was cancelled on the status page")) > 0
  }

  async retry(id: string): Promise<boolean> {
    const { count } = (await this.#server.change({ do: "retry", select: { ids: [id] } })) as { count: number }
    return count > 0
  }
}
