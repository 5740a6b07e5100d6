// Flow control for transports without any: no receiver may fall behind the sender by more than a window.

const BYTES = 8 << 20
/** About how much memory servers need per message besides its body. Bytes. */
const OVERHEAD = 100

/** How many messages may be in transit to a receiver. */
export const windowFor = (size) => Math.max(8, Math.floor(BYTES / (size + OVERHEAD)))

/** For a receiver: regularly calls `tell` with the number of messages that have arrived. */
export function reporter(size, tell) {
  const every = Math.floor(windowFor(size) / 4)
  let received = 0
  return () => {
    received += 1
    if (received % every === 0) tell(received)
  }
}

/** For a sender to a number of receivers. */
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

  /** Counts a sent message. Returns a promise to wait for if the window is full. */
  sent() {
    this.#sent += 1
    if (this.#sent - this.#least < this.#limit) return undefined
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  /** Takes a receiver's count. */
  heard(receiver, received) {
    this.#received[receiver] = received
    this.#least = Math.min(...this.#received)
    if (this.#resume === undefined || this.#sent - this.#least >= this.#limit) return
    this.#resume()
    this.#resume = undefined
  }
}
