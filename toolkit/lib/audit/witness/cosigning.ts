// Has checkpoints cosigned by witnesses. What they refuse shows that the log was rolled back or forked.

import { Buffer } from "node:buffer"
import { clearTimeout, setTimeout } from "node:timers"
import { AuditError } from "../error.js"
import type { Publication } from "../log/publication.js"
import { type Checkpoint, sizeOf } from "../notes/checkpoint.js"
import { MAX_NOTE, parseNote, verifyNote } from "../notes/note.js"
import type { Party } from "../notes/policy.js"
import type { Tiles } from "../tree/tiles.js"
import { ADD_CHECKPOINT, formatRequest } from "./protocol.js"

/** How long a witness may take to answer. */
const TIMEOUT = 2000
/** How long to wait before a witness that could not be reached is asked again. */
const RETRY = 5000
/** The first request may guess wrong, and the witness may cosign for another copy of the log meanwhile. */
const ATTEMPTS = 3

/** The witnesses of a log. */
export class Cosigning {
  readonly #witnesses: readonly Party[]
  readonly #onProblem: (message: string) => void
  /** The size that each witness has cosigned last, as far as this process knows. */
  readonly #sizes = new Map<Party, number>()
  readonly #complaints = new Map<Party, string>()
  #running: Promise<void> | undefined
  #isDue = false
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(witnesses: readonly Party[], onProblem: (message: string) => void) {
    this.#witnesses = witnesses.filter(({ url }) => url !== undefined)
    this.#onProblem = onProblem
  }

  /**
   * Asks all witnesses for the last checkpoint, and adds their cosignatures to it. A witness that cannot be reached is a problem that is told, not an error.
   *
   * @returns An error `ROLLED_BACK` or `FORKED` if a witness has seen a tree that this one does not go on from.
   */
  async ask(publication: Publication): Promise<AuditError | undefined> {
    const { checkpoint, tiles } = publication
    const results = await Promise.all(this.#witnesses.map((witness) => this.#try(witness, checkpoint, tiles)))
    const lines = results.filter((result) => typeof result === "string")
    if (lines.length > 0) publication.cosign(checkpoint, lines.join(""))
    return results.find((result) => result instanceof AuditError)
  }

  /** The same, in the background. One round at a time; after it, the checkpoint of then. */
  askSoon(publication: Publication, onRefusal: (refusal: AuditError) => void): void {
    if (this.#witnesses.length === 0 || this.#isClosed) return
    this.#isDue = true
    clearTimeout(this.#timer)
    this.#running ??= this.#run(publication, onRefusal).finally(() => {
      this.#running = undefined
    })
  }

  async #run(publication: Publication, onRefusal: (refusal: AuditError) => void): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false
      try {
        const refusal = await this.ask(publication)
        if (refusal !== undefined) onRefusal(refusal)
      } catch (error) {
        this.#onProblem(`The cosignatures could not be written: ${(error as Error).message}`)
      }
    }
    if (this.#complaints.size > 0 && !this.#isClosed)
      this.#timer = setTimeout(() => this.askSoon(publication, onRefusal), RETRY).unref()
  }

  async #try(witness: Party, checkpoint: Checkpoint, tiles: Tiles): Promise<string | AuditError | undefined> {
    try {
      const result = await this.#cosign(witness, checkpoint, tiles)
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

  /** The line of the cosignature, or why there will never be one. */
  async #cosign(witness: Party, checkpoint: Checkpoint, tiles: Tiles): Promise<string | AuditError> {
    const { origin, size, note } = checkpoint
    const { name } = witness.key
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const old = Math.min(this.#sizes.get(witness) ?? 0, size)
      const proof = tiles.consistencyProof(old, size)
      const { status, text } = await post(
        `${witness.url}${ADD_CHECKPOINT}`,
        formatRequest({ old, proof, checkpoint: note }),
      )
      if (status === 200) {
        const parsed = parseNote(`${parseNote(note).text}\n${text}`)
        const [signature] = verifyNote(parsed, [witness.key])
        if (signature === undefined) throw new Error("its answer has no signature of its key")
        this.#sizes.set(witness, size)
        return signature.line
      }
      const seen = status === 409 ? sizeOf(text.trim()) : undefined
      if (seen !== undefined && seen > size)
        return new AuditError(
          "ROLLED_BACK",
          `The witness ${name} has cosigned ${origin} with ${seen} entries, but this log has ${size}: it was rolled back, such as by an old backup. Restore the newest copy; otherwise seal this log, and begin a new one with another name`,
        )
      if (seen === undefined) {
        if (status === 422)
          return new AuditError(
            "FORKED",
            `The witness ${name} has cosigned another tree of ${origin} with ${old} entries: this log was forked or rolled back. Restore the newest copy; otherwise seal this log, and begin a new one with another name`,
          )
        throw new Error(`it answered ${status}: ${text.slice(0, 200).trim()}`)
      }
      this.#sizes.set(witness, seen)
    }
    throw new Error("it cosigns for another copy of this log at the same time")
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
  }
}

async function post(url: string, body: string): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(TIMEOUT)
  const response = await fetch(url, { method: "POST", body, signal, redirect: "error" })
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > MAX_NOTE) throw new Error(`its answer has more than ${MAX_NOTE} bytes`)
    chunks.push(chunk)
  }
  return { status: response.status, text: Buffer.concat(chunks).toString("utf8") }
}
