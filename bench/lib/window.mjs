// Flow control where there is none: a sender that no receiver may fall behind by more than a window.

const BYTES = 8 << 20
/** What servers keep for a message besides its body, about. */
const OVERHEAD = 100

/** How many messages may be on their way to a receiver. */
export const windowFor = (size) => Math.max(8, Math.floor(BYTES / (size + OVERHEAD)))

/** For a receiver: calls `tell` with how many messages have arrived, every so often. */
export function reporter(size, tell) {
  const every = Math.floor(windowFor(size) / 4)
  let received = 0
  return () => {
    received += 1
    if (received % every === 0) tell(received)
  }
}

/** For a sender to so many receivers. */
export class Window {
  #limit
  #received
  #sent = 0
  #least = 0
  #resume

  constructor(receivers, size) {
    this.#limit = windowFor(size)
    this.#received = Array(receivers).fill(0)
  }

  /** Counts a message that is sent; a promise for when there is room for the next, or undefined at once. */
  sent() {
    this.#sent += 1
    if (this.#sent - this.#least < this.#limit) return undefined
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  /** What a receiver told. */
  heard(receiver, received) {
    this.#received[receiver] = received
    this.#least = Math.min(...this.#received)
    if (this.#resume === undefined || this.#sent - this.#least >= this.#limit) return
    this.#resume()
    this.#resume = undefined
  }
}
