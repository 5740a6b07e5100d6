// What programs do with a queue.

import { randomBytes } from "node:crypto"
import { CHUNK_BYTES } from "../protocol.js"
import { type Counts, checkMembers, checkValue, type Submitted, type TaskInit, type TaskState } from "../queue/index.js"
import type { ScheduleInit, SettingsChange } from "../server/control.js"
import { checkOption } from "../server/options.js"
import type { PageOptions, TaskSelection } from "../server/selection.js"
import type { TaskResult, TasksSnapshot, TaskView } from "../server/views.js"
import { Connection } from "./connection.js"
import { SubmitError } from "./submit-error.js"
import { type ConnectOptions, connectNames, readTarget } from "./target.js"

/** Options of {@link TaskClient}. */
export interface TaskClientOptions extends ConnectOptions {
  /** How long to wait for an answer, in milliseconds. 30,000 by default. What waits for tasks to end has no limit. */
  timeout?: number | undefined
}

/** What became of tasks that were to be cancelled. */
export interface Cancelled {
  /** How many were cancelled. */
  cancelled: number
  /** Those that had finished before they could be stopped. */
  finished: number
  /** Those that had failed before they could be stopped. */
  failed: number
}

/** A task is submitted in messages of at most so many, and so many messages are under way. */
const TASKS_A_MESSAGE = 500
const MESSAGES_UNDER_WAY = 4
const IDS_AT_ONCE = 100

/**
 * A client of a queue.
 *
 * ```typescript
 * const client = new TaskClient({ connect: "tcp://127.0.0.1:5580" })
 * await client.submit([{ input: "http://127.0.0.1:3000/" }], { queue: "scan" })
 * ```
 */
export class TaskClient {
  readonly #connection: Connection
  readonly #timeout: number

  /**
   * If the queue does not let this side in at the beginning, all that is asked rejects with `DENIED`. Once it has, and if it does not any more, it is asked again until time
   * is up.
   *
   * @throws TaskError `INVALID`
   */
  constructor(options: TaskClientOptions) {
    checkMembers("the client", options, [...connectNames, "timeout"])
    this.#timeout = checkOption("timeout", options.timeout ?? 30_000, 1)
    this.#connection = new Connection(readTarget(options), {}, true)
  }

  /**
   * Submits tasks. Resolves once they are stored.
   *
   * @param defaults What tasks have that do not say otherwise.
   * @throws SubmitError if some are refused: those that are not are stored. TaskError `TIMEOUT`; to submit them again with the same ids is safe.
   */
  async submit(tasks: readonly TaskInit[], defaults: Omit<TaskInit, "id" | "input"> = {}): Promise<Submitted[]> {
    const prefix = randomBytes(9).toString("base64url").replace(/^-/, "_")
    const complete = tasks.map((task, index) => ({ id: `${prefix}-${index + 1}`, ...defaults, ...task }))
    const messages = [...chunksOf(complete)]
    const submitted: Submitted[][] = new Array(messages.length)
    let next = 0
    const send = async () => {
      for (let at = next++; at < messages.length; at = next++) {
        const answer = await this.#ask("submit", { tasks: messages[at] })
        submitted[at] = answer.tasks as Submitted[]
      }
    }
    await Promise.all(Array.from({ length: MESSAGES_UNDER_WAY }, send))
    const all = submitted.flat()
    if (all.some(({ status }) => status === "refused")) throw new SubmitError(all)
    return all
  }

  /** Resolves once all tasks of a selection have ended: to the states of its ids, or to the counts of its batch, its named queue, or all. */
  async wait(
    selection: Pick<TaskSelection, "ids" | "batch" | "queue"> = {},
    options: { signal?: AbortSignal } = {},
  ): Promise<{ states?: TaskState[]; counts?: Counts }> {
    return this.#connection.request("wait", { select: selection }, 0, options.signal)
  }

  /** How many tasks of a batch, of a named queue, or of all are in each state. */
  async counts(selection: Pick<TaskSelection, "batch" | "queue"> = {}): Promise<Counts> {
    return (await this.#query("counts", { select: selection })).counts as Counts
  }

  /** A page of tasks, in the order in which they were submitted. Pass `next` as `after` to get what follows. */
  async page({ after, max, ...select }: PageOptions = {}): Promise<{ tasks: TaskView[]; next?: number }> {
    return (await this.#query("list", { select, after, max })) as { tasks: TaskView[]; next?: number }
  }

  /** All tasks of a selection. */
  async *list(selection: TaskSelection = {}): AsyncGenerator<TaskView> {
    for await (const { tasks } of this.#pages<TaskView>("list", selection)) yield* tasks
  }

  /** All tasks of a selection, with their inputs and results. */
  async *results(selection: TaskSelection = {}): AsyncGenerator<TaskResult> {
    const { ids } = selection
    for (let at = 0; at < (ids?.length ?? 1); at += IDS_AT_ONCE) {
      const some = ids === undefined ? selection : { ...selection, ids: ids.slice(at, at + IDS_AT_ONCE) }
      for await (const { tasks } of this.#pages<TaskResult>("results", some)) yield* tasks
    }
  }

  async *#pages<T>(what: string, select: TaskSelection): AsyncGenerator<{ tasks: T[] }> {
    let after: number | undefined
    do {
      const page = (await this.#query(what, { select, after })) as { tasks: T[]; next?: number }
      yield page
      after = page.next
    } while (after !== undefined)
  }

  /** A task with its input, and its result if it has ended. */
  async show(id: string): Promise<TaskResult> {
    return (await this.#query("show", { id })).task as TaskResult
  }

  /** The state of the whole queue. */
  async snapshot(): Promise<TasksSnapshot> {
    return (await this.#query("snapshot", {})) as unknown as TasksSnapshot
  }

  /** The last thousand batches, with the states of their tasks. */
  async batches(): Promise<Record<string, Counts>> {
    return (await this.#query("batches", {})).batches as Record<string, Counts>
  }

  /**
   * Cancels tasks that have not ended. Resolves when none of them runs any more: workers were told to stop, and have.
   *
   * @param reason Shown with the tasks.
   */
  async cancel(selection: TaskSelection, reason?: string): Promise<Cancelled> {
    const sum: Cancelled = { cancelled: 0, finished: 0, failed: 0 }
    for (let more = true; more; ) {
      // It lasts until the workers have stopped.
      const answer = await this.#connection.request("cancel", { select: selection, reason })
      for (const name of ["cancelled", "finished", "failed"] as const) sum[name] += answer[name] as number
      more = answer.more === true
    }
    return sum
  }

  /** Tries dead letters again, as if they were new. Resolves to how many. */
  retry(selection: TaskSelection = {}): Promise<number> {
    return this.#change("retry", selection)
  }

  /** Forgets tasks that have ended. Resolves to how many. */
  discard(selection: TaskSelection): Promise<number> {
    return this.#change("discard", selection)
  }

  async #change(action: string, select: TaskSelection): Promise<number> {
    let count = 0
    for (let more = true; more; ) {
      const answer = await this.#ask("control", { do: action, select })
      count += answer.count as number
      more = answer.more === true
    }
    return count
  }

  /** Changes how a named queue is run. What is not passed stays. */
  async configure(queue: string, settings: SettingsChange): Promise<void> {
    await this.#ask("control", { do: "configure", queue, settings })
  }

  /** Starts no more tasks of a named queue. Those that run go on. */
  pause(queue: string): Promise<void> {
    return this.configure(queue, { paused: true })
  }

  /** Takes no more tasks into a named queue. Those that are there are done. */
  drain(queue: string): Promise<void> {
    return this.configure(queue, { draining: true })
  }

  /** Ends pausing and draining. */
  resume(queue: string): Promise<void> {
    return this.configure(queue, { paused: false, draining: false })
  }

  /** Submits a task again and again. A schedule with the same id is replaced. */
  async schedule(schedule: ScheduleInit): Promise<void> {
    await this.#ask("control", { do: "schedule", ...schedule })
  }

  /** Ends a schedule. The tasks that it has submitted stay. */
  async unschedule(id: string): Promise<void> {
    await this.#ask("control", { do: "unschedule", id })
  }

  #query(what: string, body: object): Promise<Record<string, unknown>> {
    return this.#ask("query", { what, ...body })
  }

  #ask(kind: "submit" | "query" | "control", body: object): Promise<Record<string, unknown>> {
    return this.#connection.request(kind, body, this.#timeout)
  }

  /** Closes the connection. What waits for an answer is rejected with `CLOSED`. */
  close(): void {
    this.#connection.close()
  }

  /** Closes it, at the end of a `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

/** Tasks in messages. */
function* chunksOf(tasks: readonly TaskInit[]): Generator<TaskInit[]> {
  let chunk: TaskInit[] = []
  let size = 0
  for (const task of tasks) {
    // An estimate is enough: there is room for one that is much longer.
    size += typeof task.input === "string" ? task.input.length : sizeOf(task.input)
    chunk.push(task)
    if (chunk.length < TASKS_A_MESSAGE && size < CHUNK_BYTES) continue
    yield chunk
    chunk = []
    size = 0
  }
  if (chunk.length > 0) yield chunk
}

const sizeOf = (input: unknown): number =>
  typeof input === "object" && input !== null ? checkValue("input", input, Number.POSITIVE_INFINITY).length : 0
