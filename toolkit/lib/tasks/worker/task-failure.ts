// How a handler says that a task has failed.

/** How a task has failed. */
export interface TaskFailureOptions extends ErrorOptions {
  /** Whether it may be tried again, if it has attempts left. True by default. */
  retry?: boolean | undefined
  /** How long to wait before the next attempt, in milliseconds. By default the backoff of the task says it. */
  delay?: number | undefined
  /** Any JSON value, kept with the task if this was the last attempt. */
  result?: unknown
}

/** A handler throws this to decide what happens next. Any other error counts as a failure that may be tried again. */
export class TaskFailure extends Error {
  override readonly name = "TaskFailure"
  readonly retry: boolean
  readonly delay: number | undefined
  readonly result: unknown

  constructor(message: string, { retry = true, delay, result, ...options }: TaskFailureOptions = {}) {
    super(message, options)
    this.retry = retry
    this.delay = delay
    this.result = result
  }
}
