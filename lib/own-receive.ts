// Iterators over a `receive` that is not ours: a subclass has one, or somebody has replaced it.

import { errnoError } from "./errors.js"
import { SourceIterator } from "./iteration.js"
import { State, type Traffic } from "./traffic.js"
import type { Iteration } from "./types.js"
import type { Waiter } from "./waiter.js"

/** A call of such a `receive`, as a step waits for it. */
interface Read<T> {
  readonly promise: Promise<void>
  /** Ends the step. */
  readonly leave: () => void
  readonly result: Promise<T>
  /** What the call waits for, as far as that is known. */
  readonly waiter: Waiter<void> | undefined
}

const canceledError = () => errnoError("ECANCELED", "The receive was canceled because its iterator has returned")

/** Calls whose iterator has returned, by socket. What they give is what the next iterator gets. */
const leftCalls = new WeakMap<Traffic, Promise<unknown>[]>()

function leave(traffic: Traffic, call: Promise<unknown>): void {
  const left = leftCalls.get(traffic) ?? []
  leftCalls.set(traffic, left)
  left.push(call)
  call.catch(() => {
    const index = left.indexOf(call)
    if (index >= 0) left.splice(index, 1)
  })
}

/**
 * Such a `receive` takes no options, as far as is known, so a call cannot be told to end. What it waits for on the socket can
 * be cancelled: that rejects, and the call mostly with it. If it goes on all the same, nothing that it has taken is lost.
 */
export function iterateOver<T>(traffic: Traffic, receive: () => Promise<T>): Iteration<T> {
  const { readers } = traffic
  const call = async () => receive()
  return new SourceIterator<T, Read<T>>({
    isEnded: () => traffic.state === State.Closed,
    take: () => undefined,
    wait: (hold) => {
      const before = readers.last
      const left = leftCalls.get(traffic)?.shift() as Promise<T> | undefined
      const result = left === undefined ? call() : left.catch(call)
      const waiter = readers.last === before ? undefined : readers.last
      let isLeft = false
      let end!: () => void
      const promise = new Promise<void>((resolve, reject) => {
        end = resolve
        result.then((value) => {
          if (!isLeft) hold(value)
          resolve()
        }, reject)
      })
      const leaveStep = () => {
        isLeft = true
        end()
      }
      return { promise, leave: leaveStep, result, waiter }
    },
    cancel: (read) => {
      leave(traffic, read.result)
      // Without a queue only one can wait, and that is the one that the call has made, be it not its first.
      const waiter = readers.queue === null ? readers.last : read.waiter
      if (waiter !== undefined) traffic.cancel(waiter, canceledError())
      read.leave()
    },
    putBack: (value) => {
      leave(traffic, Promise.resolve(value))
      return true
    },
  })
}
