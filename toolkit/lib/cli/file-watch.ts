// Notices when the content of a file changes, in whatever way: it is written, replaced, or reached by links of which one is replaced, as
// Kubernetes does with a ConfigMap. fs.watch sees none of the last.

import { createHash } from "node:crypto"
import { readFileSync, realpathSync, statSync } from "node:fs"
import { clearInterval, setInterval } from "node:timers"

const everyMs = 500

/** Looks at a file, and calls back once a new content has stayed for a while: editors write a file in several steps. */
export class FileWatch {
  readonly #file: string
  readonly #changed: () => void
  readonly #timer: NodeJS.Timeout
  /** The content that is in force, as a hash. */
  #content: string | undefined
  /** Which file it was when last looked at, and when that was read. */
  #seen: string | undefined
  #read: string | undefined

  constructor(file: string, changed: () => void) {
    this.#file = file
    this.#changed = changed
    try {
      this.#seen = this.#identity()
      this.#content = this.#hash()
      this.#read = this.#seen
    } catch {
      // The next look reads it.
    }
    this.#timer = setInterval(() => this.#look(), everyMs).unref()
  }

  #identity(): string {
    const { dev, ino, mtimeNs, size } = statSync(this.#file, { bigint: true })
    return [realpathSync(this.#file), dev, ino, mtimeNs, size].join(" ")
  }

  #hash(): string {
    return createHash("sha256").update(readFileSync(this.#file)).digest("hex")
  }

  #look(): void {
    try {
      const now = this.#identity()
      const isSettled = now === this.#seen
      this.#seen = now
      if (!isSettled || now === this.#read) return
      const content = this.#hash()
      this.#read = now
      if (content === this.#content) return
      this.#content = content
    } catch {
      // It is being replaced, or too many files are open: the next look tries again.
      return
    }
    this.#changed()
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
