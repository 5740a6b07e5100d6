// Notices that a file or folder has changed: at once through fs.watch, and by looking now and then where that does not work.

import { type FSWatcher, watch } from "node:fs"

import { clearInterval, setInterval, type Timer } from "../../base/timers.js"

/** Milliseconds. */
const EVERY = 1000

/** Each so many times, all is looked at, whatever a glance says. */
const THOROUGH = 10

/** Calls a function when something may have changed; never two calls at a time. Keeps no process alive. */
export class WatchedPath {
  readonly #rescan: () => Promise<void>
  readonly #glance: () => Promise<boolean>
  readonly #timer: Timer
  #glances = 0
  #watcher: FSWatcher | undefined
  #running: Promise<void> | undefined
  #again = false
  #closed = false

  /** @param glance Says cheaply whether something seems to have changed: asked most times that nothing was noticed. */
  constructor(folder: string, rescan: () => Promise<void>, glance = async () => true) {
    this.#rescan = rescan
    this.#glance = glance
    try {
      this.#watcher = watch(folder, { persistent: false }, () => void this.rescan())
      this.#watcher.on("error", () => {})
    } catch {
      // Network file systems and the like cannot be watched; the timer does it.
    }
    this.#timer = setInterval(() => void this.#look(), EVERY).unref()
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
