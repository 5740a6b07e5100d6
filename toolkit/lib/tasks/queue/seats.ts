// The workers of a named queue that have credit.

/** A worker that is connected. */
export interface Seat {
  /** Its connection. */
  readonly connection: string
  readonly user: string | undefined
  /** Random text of the worker, which stays the same when it connects again. */
  readonly instance: string
  /** Both as one text: who owns its leases. */
  readonly owner: string
  readonly name: string
  readonly queue: string
  /** Which of the worker's connections this is, as it counts them. */
  readonly session: number
  /** How many leases it may have at a time. */
  credit: number
  /** How many it has. */
  held: number
  /** Whether it waits for a lease. */
  isListed: boolean
  hasLeft: boolean
}

/** Who owns the leases of a worker. It survives a lost connection. */
export const ownerOf = (user: string | undefined, instance: string): string => JSON.stringify([user ?? null, instance])

const hasCredit = ({ credit, held, hasLeft }: Seat): boolean => !hasLeft && held < credit

/** Workers with credit. Each gets a lease in turn. */
export class Seats {
  #waiting: (Seat | undefined)[] = []
  #first = 0

  /** Adds a worker at the end, if it has credit and is not there. */
  offer(seat: Seat): void {
    if (seat.isListed || !hasCredit(seat)) return
    seat.isListed = true
    this.#waiting.push(seat)
  }

  /** Whether any worker waits. */
  get hasAny(): boolean {
    for (; this.#first < this.#waiting.length; this.#drop()) {
      const seat = this.#waiting[this.#first] as Seat
      if (hasCredit(seat)) return true
      seat.isListed = false
    }
    return false
  }

  /** The worker whose turn it is. Ask `hasAny` before. */
  take(): Seat {
    const seat = this.#waiting[this.#first] as Seat
    seat.isListed = false
    this.#drop()
    return seat
  }

  #drop(): void {
    this.#waiting[this.#first++] = undefined
    if (this.#first < 1024 || this.#first * 2 < this.#waiting.length) return
    this.#waiting = this.#waiting.slice(this.#first)
    this.#first = 0
  }
}
