// How many messages may be prefetched from a socket.

import type { SocketType } from "../base/socket-types.js"
import type { Option } from "../options/table/index.js"

/** It changes with the options of the socket. */
export class PrefetchLimit {
  readonly #type: SocketType
  readonly #highWaterMark: () => number
  /** The options that are on and forbid prefetching. */
  readonly #stops = new Set<Option>()

  /** @param highWaterMark Reads the option. */
  constructor(type: SocketType, highWaterMark: () => number) {
    this.#type = type
    this.#highWaterMark = highWaterMark
  }

  /** The limit; 0 for any number. */
  readonly most = (): number => (this.#type.lockstep || this.#stops.size > 0 ? 1 : this.#highWaterMark())

  optionSet(option: Option | undefined, value: unknown): void {
    if (option?.stopsPrefetch !== true) return
    if (value) this.#stops.add(option)
    else this.#stops.delete(option)
  }
}
