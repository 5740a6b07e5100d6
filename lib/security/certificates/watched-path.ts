// Notices changes of a file or folder: at once through fs.watch, and by polling where that does not work.

import { type FSWatcher, watch } from "node:fs"

import { clearInterval, setInterval, type Timer } from "../../base/timers.js"

/** How often to poll. Milliseconds. */
const EVERY = 1000

/** Every this many polls, everything is read, whatever the glance says. */
const THOROUGH = 10

/** Calls a function whenever something may have changed, one call at a time. Does not keep the process alive. */
export class WatchedPath {
  readonly #rescan: () => Promise<void>
  readonly #glance: () => Promise<boolean>
  readonly #timer: Timer
  #glances = 0
  #watcher: FSWatcher | undefined
  #running: Promise<void> | undefined
  #again = false
  #closed = false

  /** @param glance A cheap check whether something seems to have changed, for most polls. */
  constructor(folder: string, rescan: () => Promise<void>, glance = async () => true) {
    this.#rescan = rescan
    this.#glance = glance
    try {
      this.#watcher = watch(folder, { persistent: false }, () => void this.rescan())
      this.#watcher.on("error", () => {})
    } catch {
      // Some file systems, such as network ones, cannot be watched. The timer polls those.
    }
    this.#timer = setInterval(() => void this.#look(), EVERY).unref()
  }

  /** Reads now, or once more if it is already reading. Resolves when a read that began after this call has finished. */
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

  async #look(): Promise<void> {
    this.#glances = (this.#glances + 1) % THOROUGH
    if (this.#glances === 0 || (await this.#glance())) await this.rescan()
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
