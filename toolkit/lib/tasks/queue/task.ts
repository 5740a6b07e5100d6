// A task, and its form in records.

/**
 * Where a task is:
 *
 * - `scheduled`: it waits for its time, or for the next attempt.
 * - `blocked`: it waits for the tasks in its `after`.
 * - `ready`: it can be started.
 * - `running`: a worker has a lease for it.
 * - `finished`, `failed`, `expired`, `cancelled`: it has ended. A failed one is a dead letter: it is kept until it is retried or discarded.
 */
export type TaskState = "scheduled" | "blocked" | "ready" | "running" | EndState

/** How a task has ended. */
export type EndState = "finished" | "failed" | "expired" | "cancelled"

/** All states, in the order in which a task can come to them. */
export const states = [
  "scheduled",
  "blocked",
  "ready",
  "running",
  "finished",
  "failed",
  "expired",
  "cancelled",
] as const satisfies readonly TaskState[]

const ends: ReadonlySet<TaskState> = new Set<EndState>(["finished", "failed", "expired", "cancelled"])

/** Whether a task in this state has ended. */
export const isEnd = (state: TaskState): state is EndState => ends.has(state)

/** How a task is tried. Most tasks share one object. */
export interface TaskOptions {
  priority: number
  /** How often it is started, at most. */
  attempts: number
  /** The wait before the second attempt, in milliseconds. It doubles each time. */
  backoff: number
  /** How long an attempt may take, in milliseconds. 0 is no limit. */
  timeout: number
}

/** What a task is when it is submitted, checked and with all defaults. */
export interface NewTask {
  id: string
  queue: string
  /** JSON. */
  input: string
  options: TaskOptions
  key?: string | undefined
  batch?: string | undefined
  after?: readonly string[] | undefined
  /** Not before this time, in milliseconds since 1970. 0 is at once. */
  runAt: number
  /** Not after this time. 0 is no limit. */
  expires: number
}

/** How far a running task is, as its worker says. */
export interface TaskProgress {
  /** How much is done, in a unit of the worker's choice. */
  done: number
  /** How much there is to do, in the same unit, if that is known. */
  total?: number | undefined
  /** What it does now, in a few words. */
  text?: string | undefined
}

/** A task as records have it: all that is known of it, except its input and result. What is 0 is left out. */
export interface TaskData {
  seq: number
  id: string
  queue: string
  state: TaskState
  submitted: number
  attempts: number
  backoff: number
  priority?: number | undefined
  timeout?: number | undefined
  key?: string | undefined
  batch?: string | undefined
  after?: readonly string[] | undefined
  runAt?: number | undefined
  expires?: number | undefined
  user?: string | undefined
  attempt?: number | undefined
  lease?: number | undefined
  notBefore?: number | undefined
  worker?: string | undefined
  owner?: string | undefined
  started?: number | undefined
  ended?: number | undefined
  reason?: string | undefined
  cancelling?: true | undefined
}

/** How much later a task of the next lower priority may have become ready, and is started before it, in milliseconds. */
export const PRIORITY_STEP = 60_000

/** A task in memory. */
export class Task {
  /** Rises with each task. */
  readonly seq: number
  readonly id: string
  readonly queue: string
  readonly options: TaskOptions
  readonly key: string | undefined
  readonly batch: string | undefined
  readonly after: readonly string[] | undefined
  readonly runAt: number
  readonly expires: number
  readonly submitted: number
  /** The authenticated user who submitted it. */
  readonly user: string | undefined
  /** JSON. Empty once it has ended, unless it can be retried. */
  input: string
  state: TaskState
  /** How often it was started. */
  attempt = 0
  /** The number of its last lease. 0 if it never had one. */
  lease = 0
  /** When it may be started. */
  notBefore: number
  worker: string | undefined
  /** The worker's authenticated user and instance. */
  owner: string | undefined
  started: number | undefined
  ended: number | undefined
  reason: string | undefined
  /** Whether it is to be cancelled as soon as its worker has stopped it. */
  cancelling = false
  progress: TaskProgress | undefined
  /** Where the store has all of it. Undefined until that is on disk. */
  position: number | undefined
  /** The last record that has all of it, until that is on disk. */
  pending: object | undefined
  /** When its lease expires, by the steady clock. */
  deadline = 0
  /** By the steady clock, too. */
  leasedAt = 0
  /** How many tasks it waits for. */
  waitsFor = 0
  /** What is started first: the smallest. */
  rank = 0
  /** Whether it is among those that a named queue would start. */
  isOffered = false
  /** Whether it stands in the lane of its key. */
  isInLane = false

  constructor(task: NewTask, seq: number, submitted: number, user: string | undefined) {
    this.seq = seq
    this.id = task.id
    this.queue = task.queue
    this.options = task.options
    this.key = task.key
    this.batch = task.batch
    this.after = task.after
    this.runAt = task.runAt
    this.expires = task.expires
    this.submitted = submitted
    this.user = user
    this.input = task.input
    this.notBefore = task.runAt
    this.state = "ready"
  }

  /** A record that has all of it is on its way to the store. */
  setPending(record: object): void {
    this.pending = record
    this.position = undefined
  }

  get hasEnded(): boolean {
    return isEnd(this.state)
  }

  /** Waits for a worker, a time or other tasks. */
  get isWaiting(): boolean {
    return this.state !== "running" && !this.hasEnded
  }
}

/** Options that are equal are one object: a million tasks need one. */
export class OptionsPool {
  readonly #known = new Map<string, TaskOptions>()
  #last: TaskOptions | undefined

  share(options: TaskOptions): TaskOptions {
    const { priority, attempts, backoff, timeout } = options
    const last = this.#last
    const isLast =
      last?.priority === priority && last.attempts === attempts && last.backoff === backoff && last.timeout === timeout
    if (isLast) return last
    const key = `${priority} ${attempts} ${backoff} ${timeout}`
    const known = this.#known.get(key) ?? options
    // It need not be complete: it only saves memory.
    if (this.#known.size < 1000) this.#known.set(key, known)
    this.#last = known
    return known
  }
}

/** What records have of a task. */
export function dataOf(task: Task): TaskData {
  const { attempts, backoff, priority, timeout } = task.options
  return {
    seq: task.seq,
    id: task.id,
    queue: task.queue,
    state: task.state,
    submitted: task.submitted,
    attempts,
    backoff,
    priority: priority || undefined,
    timeout: timeout || undefined,
    key: task.key,
    batch: task.batch,
    after: task.after,
    runAt: task.runAt || undefined,
    expires: task.expires || undefined,
    user: task.user,
    attempt: task.attempt || undefined,
    lease: task.lease || undefined,
    notBefore: task.notBefore || undefined,
    worker: task.worker,
    owner: task.owner,
    started: task.started,
    ended: task.ended,
    reason: task.reason,
    cancelling: task.cancelling || undefined,
  }
}

/** The task that a record has. */
export function taskOf(data: TaskData, input: string, pool: OptionsPool): Task {
  const { id, queue, attempts, backoff, priority = 0, timeout = 0, key, batch, after, runAt = 0, expires = 0 } = data
  const options = pool.share({ priority, attempts, backoff, timeout })
  const init = { id, queue, input, options, key, batch, after, runAt, expires }
  const task = new Task(init, data.seq, data.submitted, data.user)
  task.state = data.state
  task.attempt = data.attempt ?? 0
  task.lease = data.lease ?? 0
  task.notBefore = data.notBefore ?? 0
  task.worker = data.worker
  task.owner = data.owner
  task.started = data.started
  task.ended = data.ended
  task.reason = data.reason
  task.cancelling = data.cancelling === true
  return task
}
