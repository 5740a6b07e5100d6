// How long a measurement takes, and what ends it.

/** When a measurement ends, and from when on it counts. */
export interface Limits {
  /** Milliseconds that are not counted. */
  readonly warmup: number
  /** The number of messages; without it, `duration` ends the measurement. */
  readonly count?: number
  /** Milliseconds. */
  readonly duration?: number
}

/** Whether a measurement is complete. */
export function isComplete({ count, duration }: Limits, messages: number, elapsed: number): boolean {
  if (count !== undefined && messages >= count) return true
  return duration !== undefined && elapsed >= duration
}

/** How often a watchdog looks, in milliseconds. */
const LOOK = 50

/** Calls back if nothing happens for a time, without costing what is watched more than `feed`. */
export class Watchdog {
  readonly #timer: NodeJS.Timeout
  #last = performance.now()
  /** Milliseconds. */
  timeout: number | undefined

  constructor(timeout: number | undefined, onStall: () => void) {
    this.timeout = timeout
    this.#timer = setInterval(() => {
      if (this.timeout === undefined || performance.now() - this.#last < this.timeout) return
      clearInterval(this.#timer)
      onStall()
    }, LOOK)
  }

  feed(): void {
    this.#last = performance.now()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/** Calls a function when a signal is aborted, or at once. Returns what ends that. */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act()
  else signal.addEventListener("abort", act)
  return () => signal.removeEventListener("abort", act)
}
