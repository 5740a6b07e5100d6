// Notices that a file or folder has changed: at once through fs.watch, and within a second where that does not work.

import { type FSWatcher, watch } from "node:fs"

const EVERY = 1000

/** Calls a function when something may have changed; never two calls at a time. Keeps no process alive. */
export class WatchedPath {
  readonly #rescan: () => Promise<void>
  readonly #timer: NodeJS.Timeout
  #watcher: FSWatcher | undefined
  #running: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(folder: string, rescan: () => Promise<void>) {
    this.#rescan = rescan
    try {
      this.#watcher = watch(folder, { persistent: false }, () => void this.rescan())
      this.#watcher.on("error", () => {})
    } catch {
      // Network file systems and the like cannot be watched; the timer does it.
    }
    this.#timer = setInterval(() => void this.rescan(), EVERY).unref()
  }

  /** Looks now, or again if it is looking already. Resolves when it has looked, after this call. */
  async rescan(): Promise<void> {
    if (this.#closed) return
    if (this.#running !== undefined) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#loop()
    try {
      await this.#running
    } finally {
      this.#running = undefined
    }
  }

  async #loop(): Promise<void> {
    do {
      this.#again = false
      await this.#rescan()
    } while (this.#again && !this.#closed)
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#watcher?.close()
  }
}
