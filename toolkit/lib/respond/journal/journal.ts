// The journal: the audit log is all that is written, so that what is done and what is recorded cannot differ. A snapshot of the state saves reading
// all of it at the next start; it is never needed.

import { createHash } from "node:crypto"
import type { Clock } from "../../relay/clock.js"
import { readNote, saveNote } from "../../relay/notes.js"
import { type Frozen, State } from "./state.js"
import { parseStep, type Step, stepLine, type Timed } from "./steps.js"

/** An append-only log that proves what is in it. One process writes it. */
export interface AuditTrail {
  /** How many entries there are. */
  readonly size: number
  /** Resolves once the entry is on disk. */
  append(entry: string): Promise<{ index: number }>
  /** The entries from an index on that were there when it was opened. */
  entries(from: number): AsyncIterable<string>
  /** Resolves once all entries are where others can verify them. */
  covered(): Promise<void>
  /** Waits for what is being written, and closes. */
  close(): Promise<void>
}

/** An entry of the audit log may have 65,535 bytes (https://c2sp.org/tlog-tiles). */
const maxLine = 60_000

/** After so many steps, the state is saved. */
const saveEvery = 1000

interface Snapshot {
  readonly version: 1
  /** How many entries it has taken in, and the hash of the last one. */
  readonly size: number
  readonly hash: string
  /** The time of the last step. */
  readonly at: number
  readonly state: Frozen
}

const hashOf = (line: string) => createHash("sha256").update(line).digest("hex")

/** Writes steps, and keeps the state that follows from them. */
export class Journal {
  readonly state: State
  readonly #trail: AuditTrail
  readonly #file: string
  readonly #clock: Clock
  #at: number
  #size: number
  #hash: string
  #unsaved = 0
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    trail: AuditTrail,
    file: string,
    clock: Clock,
    { size, hash, at, state }: Omit<Snapshot, "version" | "state"> & { state: State },
  ) {
    this.#trail = trail
    this.#file = file
    this.#clock = clock
    this.state = state
    this.#at = at
    this.#size = size
    this.#hash = hash
  }

  /**
   * Reads what was done before.
   *
   * @param file Where the state is saved.
   * @param changed Hears that the audit log is not the one that the state was saved with: it was replaced, or is an old copy.
   */
  static async open(trail: AuditTrail, file: string, clock: Clock, changed: () => void): Promise<Journal> {
    const saved = await readNote<Snapshot>(file)
    const snapshot = saved?.version === 1 ? saved : undefined
    const state = new State(snapshot?.state)
    const after = snapshot?.at ?? Number.NEGATIVE_INFINITY
    let { size = 0, hash = "", at = 0 } = snapshot ?? {}
    if (size > 0 && !(await isContinued(trail, size, hash))) {
      changed()
      size = 0
      hash = ""
    }
    const isSame = size > 0
    for await (const line of trail.entries(size)) {
      size++
      hash = hashOf(line)
      at = Math.max(at, timeOf(line))
      const step = parseStep(line)
      if (step !== undefined && (isSame || step.at > after)) state.apply(step)
    }
    return new Journal(trail, file, clock, { size, hash, at, state })
  }

  /** The time of the next step: never before the last one, whatever the clock does. */
  get now(): number {
    this.#at = Math.max(this.#at, this.#clock.now())
    return this.#at
  }

  /**
   * Writes a step. Resolves to it once it is on disk, and in the state. One after the other: `make` sees a state in which nothing is missing.
   *
   * @param make Makes the step. Undefined: there is none.
   */
  write<S extends Step>(make: (now: number) => S | undefined): Promise<Timed<S> | undefined> {
    const turn = this.#turn.then(() => this.#write(make))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #write<S extends Step>(make: (now: number) => S | undefined): Promise<Timed<S> | undefined> {
    const at = this.now
    const step = make(at)
    if (step === undefined) return undefined
    const line = stepLine(step, at)
    if (Buffer.byteLength(line) > maxLine)
      throw new Error(`An entry of the audit log would have more than ${maxLine} bytes`)
    const { index } = await this.#trail.append(line)
    const timed = { ...step, at }
    this.state.apply(timed)
    this.#size = index + 1
    this.#hash = hashOf(line)
    if (++this.#unsaved >= saveEvery) await this.#save()
    return timed
  }

  async #save(): Promise<void> {
    this.#unsaved = 0
    const { size, hash, at } = { size: this.#size, hash: this.#hash, at: this.#at }
    // The audit log has it all: without a snapshot, the next start reads more.
    await saveNote(this.#file, { version: 1, size, hash, at, state: this.state.freeze() } satisfies Snapshot).catch(
      () => {},
    )
  }

  /** Forgets what no limit needs any more. */
  prune(horizons: ReadonlyMap<string, number>): void {
    this.state.prune(this.now, horizons)
  }

  /** Resolves once all steps so far are where others can verify them. */
  async covered(): Promise<void> {
    await this.#turn
    await this.#trail.covered()
  }

  /** Waits for what is being written, and saves the state. */
  async close(): Promise<void> {
    await this.#turn
    await this.#save()
    await this.#trail.close()
  }
}

/** When an entry was written: the next one cannot be from before, whoever wrote this one. 0 if it does not say. */
function timeOf(line: string): number {
  const [, time = ""] = /^\{"time":"([^"]{24})"/.exec(line) ?? []
  return Date.parse(time) || 0
}

/** Whether the audit log is the one that a snapshot was made with. */
async function isContinued(trail: AuditTrail, size: number, hash: string): Promise<boolean> {
  if (trail.size < size) return false
  for await (const line of trail.entries(size - 1)) return hashOf(line) === hash
  return false
}
