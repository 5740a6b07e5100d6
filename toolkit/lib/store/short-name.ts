// Names of sockets in folders with long paths.

import { closeSync, openSync } from "node:fs"
import process from "node:process"

/** A folder under a name that is short enough for sun_path, which has about 100 bytes: see unix(7). Node cuts longer paths off. */
export class ShortName {
  readonly #folder: number | undefined
  readonly path: string

  constructor(path: string) {
    this.#folder = process.platform === "linux" ? openSync(path, "r") : undefined
    this.path = this.#folder === undefined ? path : `/proc/self/fd/${this.#folder}`
  }

  /** Call this once nothing uses the path: a server that closes removes its socket by this name. */
  close(): void {
    if (this.#folder !== undefined) closeSync(this.#folder)
  }
}
