// Has checkpoints cosigned by witnesses. What they refuse shows that the log was rolled back or forked.

import { clearTimeout, setTimeout } from "node:timers"
import { AuditError } from "../error.js"
import type { Publication } from "../log/publication.js"
import type { Checkpoint } from "../notes/checkpoint.js"
import type { NoteSignature } from "../notes/note.js"
import type { Party } from "../notes/policy.js"
import { type Asked, askWitness } from "./asking.js"

/** How long a checkpoint waits for its cosignatures before it is published, in milliseconds. */
const PATIENCE = 400
/** How long to wait before a witness that could not be reached is asked again. */
const RETRY = 5000

/** What to do with a cosignature. */
type Take = (signature: NoteSignature) => void

/** The witnesses of a log. */
export class Cosigning {
  readonly #witnesses: readonly Asked[]
  readonly #onProblem: (message: string) => void
  readonly #complaints = new Map<Asked, string>()
  /** Those that are being asked. */
  readonly #busy = new Map<Asked, Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(witnesses: readonly Party[], onProblem: (message: string) => void) {
    this.#witnesses = witnesses
      .filter(({ url }) => url !== undefined)
      .map((party) => ({ ...party, size: 0, offered: 0 }))
    this.#onProblem = onProblem
  }

  /**
   * Asks all witnesses for the checkpoint that is published, and adds their cosignatures to it. A witness that cannot be reached is a problem that is told, not an
   * error.
   *
   * @returns An error `ROLLED_BACK` or `FORKED` if a witness has seen a tree that this one does not go on from.
   */
  async ask(publication: Publication): Promise<AuditError | undefined> {
    const { checkpoint } = publication
    const results = await Promise.all(this.#witnesses.map((witness) => this.#try(witness, checkpoint, publication)))
    for (const result of results)
      if (result !== undefined && !(result instanceof AuditError)) publication.cosign(checkpoint, result)
    return results.find((result) => result instanceof AuditError)
  }

  /**
   * Asks for a checkpoint that is about to be published.
   *
   * @returns The cosignatures that came in time. Those that come later are added to the checkpoint if it is still the last one: they are of its text, so a newer one cannot
   * have them.
   */
  async collect(
    checkpoint: Checkpoint,
    publication: Publication,
    onRefusal: (refusal: AuditError) => void,
  ): Promise<NoteSignature[]> {
    if (this.#witnesses.length === 0 || this.#isClosed) return []
    const collected: NoteSignature[] = []
    let isOpen = true
    const take: Take = (signature) => {
      if (isOpen) collected.push(signature)
      else publication.cosign(checkpoint, signature)
    }
    const awaited: Promise<void>[] = []
    for (const witness of this.#witnesses.filter((one) => !this.#busy.has(one))) {
      const asked = this.#follow(witness, checkpoint, publication, onRefusal, take)
      // One that did not answer last time holds nothing up.
      if (!this.#complaints.has(witness)) awaited.push(asked)
    }
    await within(PATIENCE, Promise.all(awaited))
    isOpen = false
    return collected
  }

  /** Asks a witness in the background. After an answer that came late, it asks for the checkpoint of then. */
  #follow(
    witness: Asked,
    checkpoint: Checkpoint,
    publication: Publication,
    onRefusal: (refusal: AuditError) => void,
    take: Take,
  ): Promise<void> {
    const asked = this.#try(witness, checkpoint, publication).then((result) => {
      this.#busy.delete(witness)
      if (result instanceof AuditError) return onRefusal(result)
      if (result === undefined) return this.#retryLater(publication, onRefusal)
      try {
        take(result)
      } catch (error) {
        this.#onProblem(`A cosignature could not be written: ${(error as Error).message}`)
      }
      if (publication.checkpoint.size > checkpoint.size) this.#followLast(witness, publication, onRefusal)
    })
    this.#busy.set(witness, asked)
    return asked
  }

  #followLast(witness: Asked, publication: Publication, onRefusal: (refusal: AuditError) => void): void {
    const { checkpoint } = publication
    // About a newer one, which could not be written: asked about an older one, it would say that the log was rolled back.
    if (checkpoint.size < witness.offered) return
    if (this.#isClosed || this.#busy.has(witness)) return
    void this.#follow(witness, checkpoint, publication, onRefusal, (signature) => {
      publication.cosign(checkpoint, signature)
    })
  }

  #retryLater(publication: Publication, onRefusal: (refusal: AuditError) => void): void {
    if (this.#isClosed || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      for (const witness of this.#complaints.keys()) this.#followLast(witness, publication, onRefusal)
    }, RETRY).unref()
  }

  async #try(
    witness: Asked,
    checkpoint: Checkpoint,
    { tiles }: Publication,
  ): Promise<NoteSignature | AuditError | undefined> {
    try {
      const result = await askWitness(witness, checkpoint, tiles)
      this.#complaints.delete(witness)
      return result
    } catch (error) {
      const { message, cause } = error as Error
      const reason = `The witness ${witness.key.name} did not cosign: ${(cause as Error | undefined)?.message ?? message}`
      // Once, until it changes: a witness may be away for days.
      if (this.#complaints.get(witness) !== reason) this.#onProblem(reason)
      this.#complaints.set(witness, reason)
      return undefined
    }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await Promise.all(this.#busy.values())
  }
}

/** Waits for work, but not longer than some milliseconds. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
