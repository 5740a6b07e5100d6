// Tasks and workers on the status page.

/** How many tasks of a queue are in each state, and so on. */
export interface QueueView {
  readonly name: string
  readonly isPaused: boolean
  /** Tasks by state. */
  readonly counts: Readonly<Record<string, number>>
  /** When the oldest task that could run was submitted, in milliseconds since 1970. */
  readonly oldest: number | undefined
}

/** A worker that is connected. */
export interface WorkerView {
  readonly name: string
  /** What its certificate proves. Undefined without CURVE. */
  readonly identity: string | undefined
  /** When it connected, in milliseconds since 1970. */
  readonly since: number
  /** When it was last heard of. */
  readonly lastSeen: number
  /** The tasks that it works on. */
  readonly running: number
  /** How many more it would take. */
  readonly credit: number
}

/** Tasks that were submitted together. */
export interface BatchView {
  readonly id: string
  readonly total: number
  /** Those that have ended, and of them those that finished. */
  readonly ended: number
  readonly finished: number
}

/** A queue server. */
export interface WorkView {
  readonly queues: readonly QueueView[]
  readonly workers: readonly WorkerView[]
  readonly batches: readonly BatchView[]
}

/** A task. Nothing of its input. */
export interface TaskView {
  readonly id: string
  readonly queue: string
  readonly state: string
  readonly attempts: number
  readonly submitted: number
  readonly worker: string | undefined
  /** Why it waits, or how it ended. */
  readonly note: string
  /** Whether it can be cancelled, or tried again. */
  readonly canCancel: boolean
  readonly canRetry: boolean
}

/** Which tasks. */
export interface TaskQuery {
  readonly queue: string
  /** Only those in this state. */
  readonly state: string | undefined
  /** Only those after this one. */
  readonly after: string | undefined
  readonly max: number
}

/** What can be done with tasks. */
export interface WorkSubject {
  tasks(query: TaskQuery): Promise<readonly TaskView[]>
  pause(queue: string): Promise<void>
  resume(queue: string): Promise<void>
  /** Resolves to whether there was something to cancel. */
  cancel(id: string): Promise<boolean>
  retry(id: string): Promise<boolean>
}
