// Serving a queue in turn with other processes that have its store: one at a time.

import { setTimeout } from "node:timers/promises"
import { type Store, StoreError } from "../../store/index.js"
import type { Leases } from "../../store/replicated/index.js"
import { CURSOR } from "../journal/index.js"
import { TaskError } from "../queue/index.js"

/** How to take turns. */
export interface TurnOptions {
  /** Serves the queue, until the turn is aborted or it wants to end. Called for each turn. */
  serve: (turn: AbortSignal) => Promise<void>
  /** Ends it. */
  signal: AbortSignal
  /** Called when another process serves the queue, with what people call it, if that is known. */
  onWait?: (name: string | undefined) => void
  /** Called when the queue cannot be served for now. It is tried again. */
  onProblem?: (problem: Error) => void
}

const RETRY_MS = 1000

/** What is over once the servers of the store answer again, or another process has ended. */
const isPassing = (error: unknown): error is Error =>
  error instanceof StoreError
    ? error.code === "UNREACHABLE" || error.code === "NOT_OWNER"
    : error instanceof TaskError && (error.code === "STORE" || error.code === "TAKEN_OVER")

/**
 * Serves a queue whenever it is this process's turn. Others that have the same store on JetStream wait meanwhile. If this one is killed, another
 * one has the turn after 15 s; if it ends in good order, at once.
 *
 * ```typescript
 * const store = await openReplicatedStore("./copy", { connect, stream: "tasks" })
 * await takeTurns(store, {
 *   signal,
 *   serve: async (turn) => {
 *     const server = await serveTasks(store, { bind: "tcp://127.0.0.1:5580", turn })
 *     await once(AbortSignal.any([signal, turn]), "abort")
 *     await server.close()
 *   },
 * })
 * ```
 *
 * @throws what `serve` throws, unless the servers of the store do not answer, or another process has the turn.
 */
export async function takeTurns(
  { leases }: Store & { readonly leases: Leases },
  { serve, signal, onWait, onProblem }: TurnOptions,
): Promise<void> {
  let turn: AbortController | undefined
  let wake = () => {}
  leases.want(CURSOR, {
    granted: () => {
      turn = new AbortController()
      wake()
    },
    lost: () => {
      turn?.abort()
      turn = undefined
    },
  })
  const stop = () => wake()
  signal.addEventListener("abort", stop)
  try {
    while (!signal.aborted) {
      const current: AbortController | undefined = turn
      if (current === undefined) {
        onWait?.(leases.ownerOf(CURSOR))
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      try {
        await serve(current.signal)
      } catch (error) {
        if (!isPassing(error)) throw error
        onProblem?.(error)
      }
      // Whoever cannot serve does not try all the time.
      if (turn === current) await setTimeout(RETRY_MS, undefined, { signal }).catch(() => {})
    }
  } finally {
    signal.removeEventListener("abort", stop)
    await leases.leave(CURSOR)
  }
}
