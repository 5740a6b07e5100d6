// Who serves a cursor: one process at a time, though several have the store open. Claims are commands of the replicated log, so all copies agree
// on who was first. A process that is not heard of for a time loses what it serves to others; it stops by itself before that, by its own clock.

import { performance } from "node:perf_hooks"
import { clearInterval, setInterval } from "node:timers"
import type { CursorOwner } from "../state-values.js"
import type { Command } from "./command.js"

/** How often a process says that it works, in milliseconds. */
export const beatMs = 3000
/** One that has not said so for this long stops by itself. */
const holdMs = 10_000
/** One that was not heard of for this long is taken for gone. */
export const lostMs = 15_000

/** What leases need of the store. */
export interface LeaseContext {
  /** This process. */
  readonly id: string
  readonly name: string
  /** The copy of the store that it has. */
  readonly copy: string
  ownerOf(cursor: string): CursorOwner | undefined
  /** Resolves to what came of a command. */
  send(command: Command): Promise<unknown>
}

/** Somebody who wants to serve a cursor. */
export interface Candidate {
  /** It serves the cursor from now on. */
  granted(): void
  /** It must stop at once: another one may begin in seconds. */
  lost(): void
}

interface Wanted {
  readonly candidate: Candidate
  isGranted: boolean
  isClaiming: boolean
}

/** The leases of one process. */
export class Leases {
  readonly #context: LeaseContext
  readonly #wanted = new Map<string, Wanted>()
  /** When writers were last heard of, by this process's clock. */
  readonly #heard = new Map<string, { time: number; name: string }>()
  readonly #began = performance.now()
  /** Until when this process may serve anything. */
  #until = 0
  #timer: NodeJS.Timeout | undefined
  #isBeating = false
  #nextBeat = 0

  constructor(context: LeaseContext) {
    this.#context = context
  }

  /** Serves a cursor as soon as nobody else does. */
  want(cursor: string, candidate: Candidate): void {
    this.#wanted.set(cursor, { candidate, isGranted: false, isClaiming: false })
    this.#timer ??= setInterval(() => this.#tick(), 500)
    this.#tick()
  }

  /** Serves it no longer, so that another one can at once. What was being delivered has ended. */
  async leave(cursor: string): Promise<void> {
    const one = this.#wanted.get(cursor)
    this.#wanted.delete(cursor)
    const owner = this.#context.ownerOf(cursor)
    if (one === undefined || owner?.id !== this.#context.id) return
    await this.#context.send({ op: "release", cursor, epoch: owner.epoch }).catch(() => {})
  }

  /** What people call the process that serves a cursor, if it is another one. */
  ownerOf(cursor: string): string | undefined {
    const owner = this.#context.ownerOf(cursor)
    return owner?.id === this.#context.id ? undefined : owner?.name
  }

  /** In which epoch this process serves a cursor. Undefined if it does not. */
  epochOf(cursor: string): number | undefined {
    const owner = this.#context.ownerOf(cursor)
    return owner?.id === this.#context.id ? owner.epoch : undefined
  }

  /** Whether this process serves a cursor now. */
  isHeld(cursor: string): boolean {
    return this.epochOf(cursor) !== undefined && performance.now() < this.#until
  }

  /** A writer works. */
  heard(from: string, name: string): void {
    this.#heard.delete(from)
    this.#heard.set(from, { time: performance.now(), name })
    const [oldest] = this.#heard.keys()
    if (this.#heard.size > 256 && oldest !== undefined) this.#heard.delete(oldest)
  }

  /** The names of other processes that were heard of lately. */
  others(): string[] {
    const since = performance.now() - 2 * beatMs
    return [...this.#heard].flatMap(([id, { time, name }]) => (id !== this.#context.id && time > since ? [name] : []))
  }

  /** Somebody else may serve a cursor now. */
  changed(): void {
    this.#tick()
  }

  #tick(): void {
    const now = performance.now()
    if (!this.#isBeating && now >= this.#nextBeat) this.#beat(now)
    for (const [cursor, one] of this.#wanted) {
      const isHeld = this.isHeld(cursor)
      if (one.isGranted && !isHeld) {
        one.isGranted = false
        one.candidate.lost()
      } else if (!one.isGranted && isHeld) {
        one.isGranted = true
        one.candidate.granted()
      } else if (!isHeld) this.#claim(cursor, one, now)
    }
  }

  #beat(now: number): void {
    this.#isBeating = true
    this.#context
      .send({ op: "alive", name: this.#context.name })
      .then(
        () => {
          // Counted from when it was sent: others count from when they got it.
          this.#until = now + holdMs
          this.#nextBeat = now + beatMs
        },
        () => {},
      )
      .finally(() => {
        this.#isBeating = false
        if (this.#wanted.size > 0) this.#tick()
      })
  }

  #claim(cursor: string, one: Wanted, now: number): void {
    const { id, name, copy, ownerOf, send } = this.#context
    const owner = ownerOf(cursor)
    if (one.isClaiming || owner?.id === id || now >= this.#until) return
    const lastHeard = this.#heard.get(owner?.id ?? "")?.time ?? this.#began
    // Who had this copy before has ended: only one process at a time has it.
    const isFree = owner?.id === undefined || owner.copy === copy || now - lastHeard > lostMs
    if (!isFree) return
    one.isClaiming = true
    send({ op: "claim", cursor, epoch: owner?.epoch ?? 0, name, copy })
      .catch(() => {})
      .finally(() => {
        one.isClaiming = false
        this.#tick()
      })
  }

  /** Serves nothing any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([...this.#wanted.keys()].map((cursor) => this.leave(cursor)))
  }
}
