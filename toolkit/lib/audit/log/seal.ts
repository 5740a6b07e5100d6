// The end of a log.

import { existsSync } from "node:fs"
import { join } from "node:path"
import { AuditError } from "../error.js"
import type { Checkpoint } from "../notes/checkpoint.js"
import { replaceFile } from "./files.js"

/** The file that says that a log was sealed. */
export const SEALED = "sealed"

/** Whether a log takes entries. */
export class Seal {
  readonly #folder: string
  #isSet: boolean

  constructor(folder: string) {
    this.#folder = folder
    this.#isSet = existsSync(join(folder, SEALED))
  }

  /** Whether the log was sealed. */
  get isSet(): boolean {
    return this.#isSet
  }

  /** @throws AuditError `SEALED`. */
  refuse(): void {
    if (this.#isSet)
      throw new AuditError(
        "SEALED",
        `The log in ${this.#folder} is sealed. Begin a new one: ohmq audit init NEW --name NAME --after ${this.#folder}`,
      )
  }

  /** Seals the log. From now on nothing is taken, unless the last checkpoint cannot be made. */
  async set(end: () => Promise<Checkpoint>): Promise<Checkpoint> {
    this.refuse()
    this.#isSet = true
    try {
      const checkpoint = await end()
      replaceFile(join(this.#folder, SEALED), checkpoint.note)
      return checkpoint
    } catch (error) {
      this.#isSet = false
      throw error
    }
  }
}
