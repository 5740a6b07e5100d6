// A histogram of durations of any length, in little memory.

/** Steps between a power of two and the next, so that a value is known to 0.1 %. */
const STEPS = 1024

/** Counts nanoseconds. */
export class Histogram {
  readonly #counts: number[] = []
  count = 0
  min = Number.POSITIVE_INFINITY
  max = 0
  #sum = 0

  add(nanoseconds: number): void {
    const value = Math.max(0, Math.round(nanoseconds))
    const slot = slotOf(value)
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1
    this.count += 1
    this.#sum += value
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count
  }

  /** The duration that this part of all (0 to 1) do not exceed. */
  percentile(part: number): number {
    let rest = Math.max(1, Math.ceil(this.count * part))
    let result = 0
    this.#counts.some((count, slot) => {
      rest -= count
      result = endOf(slot)
      return rest <= 0
    })
    return Math.min(Math.max(result, this.count === 0 ? 0 : this.min), this.max)
  }

  /** How many were below each of the limits, and not below the one before; the last one is what is left. */
  below(limits: readonly number[]): number[] {
    const result = Array.from({ length: limits.length + 1 }, () => 0)
    this.#counts.forEach((count, slot) => {
      const index = limits.findIndex((limit) => endOf(slot) < limit)
      result[index < 0 ? limits.length : index] = (result[index < 0 ? limits.length : index] as number) + count
    })
    return result
  }
}

/** Small values have a slot each; above, each power of two has STEPS of them. */
function slotOf(value: number): number {
  if (value < 2 * STEPS) return value
  const shift = Math.floor(Math.log2(value)) - Math.log2(STEPS)
  return shift * STEPS + Math.floor(value / 2 ** shift)
}

/** The largest value of a slot. */
function endOf(slot: number): number {
  if (slot < 2 * STEPS) return slot
  const shift = Math.floor(slot / STEPS) - 1
  return (slot - shift * STEPS + 1) * 2 ** shift - 1
}
