// What one rule has let pass: for duplicates, limits and cool-downs, of the rule and of each subject.

import type { Decided, Timed } from "./steps.js"

/** So many keys and subjects are remembered for a rule. A rule that has so many lets nothing more pass until some are over. */
export const maxRemembered = 100_000

/** A limit of a rule or of a subject. Times are in milliseconds. */
export interface Limits {
  readonly limit?: { readonly count: number; readonly per: number } | undefined
  readonly cooldown?: number | undefined
}

/** The greatest `count` of a limit. */
export const maxCount = 1000

interface FrozenPasses {
  readonly position: number
  readonly times: readonly number[]
  readonly keys: readonly (readonly [key: string, until: number])[]
  readonly subjects: readonly (readonly [subject: string, times: readonly number[]])[]
}

/** What a limit says of one more at a time. Undefined: it may pass. */
export function exceeded(
  times: readonly number[],
  { limit, cooldown }: Limits,
  now: number,
): "limit" | "cooldown" | undefined {
  const last = times.at(-1)
  if (cooldown !== undefined && last !== undefined && now - last < cooldown) return "cooldown"
  const oldest = limit && times.at(-limit.count)
  return limit !== undefined && oldest !== undefined && now - oldest < limit.per ? "limit" : undefined
}

/** What a rule has let pass. */
export class Passes {
  #position: number
  #times: number[]
  readonly #keys: Map<string, number>
  readonly #subjects: Map<string, number[]>

  constructor(frozen?: FrozenPasses) {
    this.#position = frozen?.position ?? 0
    this.#times = [...(frozen?.times ?? [])]
    this.#keys = new Map(frozen?.keys)
    this.#subjects = new Map(frozen?.subjects.map(([subject, times]) => [subject, [...times]]))
  }

  freeze(): FrozenPasses {
    return {
      position: this.#position,
      times: this.#times,
      keys: [...this.#keys],
      subjects: [...this.#subjects],
    }
  }

  /** The last position that was decided about. */
  get position(): number {
    return this.#position
  }

  /** When it last let something pass, oldest first. */
  get times(): readonly number[] {
    return this.#times
  }

  timesOf(subject: string): readonly number[] {
    return this.#subjects.get(subject) ?? []
  }

  /** Whether a key is that of something that counts as the same still. */
  isKnown(key: string, now: number): boolean {
    return (this.#keys.get(key) ?? Number.NEGATIVE_INFINITY) > now
  }

  /** Whether no more can be remembered. */
  get isFull(): boolean {
    return this.#keys.size >= maxRemembered || this.#subjects.size >= maxRemembered
  }

  passed(position: number): void {
    this.#position = Math.max(this.#position, position)
  }

  /** The positions of the store begin at 0 again. */
  restart(): void {
    this.#position = 0
  }

  pass({ at, position, key, subject }: Timed<Decided>): void {
    this.passed(position)
    this.#times = [...this.#times, at].slice(-maxCount)
    if (key !== undefined) this.#keys.set(key.value, key.until)
    if (subject !== undefined) this.#subjects.set(subject, [...this.timesOf(subject), at].slice(-maxCount))
  }

  /**
   * Forgets what is over.
   *
   * @param horizon How far back limits and cool-downs look, in milliseconds.
   */
  prune(now: number, horizon: number): void {
    for (const [key, until] of this.#keys) if (until <= now) this.#keys.delete(key)
    for (const [subject, times] of this.#subjects)
      if (now - (times.at(-1) ?? 0) >= horizon) this.#subjects.delete(subject)
  }
}
