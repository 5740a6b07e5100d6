// Whether the store takes events, as the last writes have shown.

import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Store, StoreError } from "../../store/index.js"

/** What a disk needs to have free to be taken for writable again. */
const trialBytes = 1 << 20
const trialEveryMs = 1000

/** Remembers that the store refused events, until it takes some or has room for them. */
export class StoreHealth {
  readonly #store: Store
  readonly #folder: string
  #error: StoreError | undefined
  /** What sinks waited for when the store was full. */
  #neededBytes = 0
  #triedAt = 0

  constructor(store: Store, folder: string) {
    this.#store = store
    this.#folder = folder
  }

  /** Events are on disk. */
  stored(): void {
    this.#error = undefined
  }

  /** Events could not be stored. */
  failed(error: unknown): void {
    if (!(error instanceof StoreError) || !["FULL", "DISK_FULL", "READ_ONLY", "FAILED"].includes(error.code)) return
    this.#error = error
    this.#neededBytes = this.#store.stats().neededBytes
    this.#triedAt = Date.now()
  }

  /** What is wrong, if events that come now would be refused. */
  get problem(): string | undefined {
    const { neededBytes, waitingForRoom, problem } = this.#store.stats()
    if (problem !== undefined) return problem
    const hasRoom = neededBytes === 0 || neededBytes < this.#neededBytes
    if (this.#error?.code === "FULL" && hasRoom) this.#error = undefined
    if (waitingForRoom > 0 || this.#error?.code === "FULL") return "The store is full"
    // Without a trial, a balancer that sends nothing here would never learn that the disk has room again.
    if (this.#error !== undefined && this.#error.code !== "FAILED" && this.#canWrite()) this.#error = undefined
    return this.#error && "The store cannot be written"
  }

  #canWrite(): boolean {
    if (Date.now() - this.#triedAt < trialEveryMs) return false
    this.#triedAt = Date.now()
    const file = join(this.#folder, "trial")
    try {
      writeFileSync(file, new Uint8Array(trialBytes), { mode: 0o600 })
      return true
    } catch {
      return false
    } finally {
      rmSync(file, { force: true })
    }
  }
}
