// Iterators over a `receive` that a subclass overrides, or that was replaced.

import { errnoError } from "../base/errors.js"
import { type Iteration, SourceIterator } from "../base/iteration.js"
import type { Waiter } from "./queues.js"
import type { Readiness } from "./readiness.js"

/** A call of such a `receive` that a step waits for. */
interface Read<T> {
  readonly promise: Promise<void>
  /** Ends the step. */
  readonly leave: () => void
  readonly result: Promise<T>
  /** The receive of the socket that the call waits for, if that is known. */
  readonly waiter: Waiter<void> | undefined
}

const canceledError = () => errnoError("ECANCELED", "The receive was canceled because its iterator has returned")

/** Calls whose iterator has returned, by socket. The next iterator gets their results. */
const leftCalls = new WeakMap<Readiness, Promise<unknown>[]>()

function leave(readiness: Readiness, call: Promise<unknown>): void {
  const left = leftCalls.get(readiness) ?? []
  leftCalls.set(readiness, left)
  left.push(call)
  call.catch(() => {
    const index = left.indexOf(call)
    if (index >= 0) left.splice(index, 1)
  })
}

/**
 * We do not know which arguments such a `receive` takes, so we cannot pass it a signal. We can cancel the receive of the
 * socket that it waits for; then the call usually rejects. If it resolves anyway, the next iterator gets the message.
 */
export function iterateOver<T>(readiness: Readiness, receive: () => Promise<T>): Iteration<T> {
  const { readers } = readiness
  const call = async () => receive()
  return new SourceIterator<T, Read<T>>({
    isEnded: () => readiness.isClosed,
    take: () => undefined,
    wait: (hold) => {
      const before = readers.last
      const left = leftCalls.get(readiness)?.shift() as Promise<T> | undefined
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
      leave(readiness, read.result)
      // Without a queue only one receive can wait, so it is one of this call, which may have received before.
      const waiter = readers.queue === null ? readers.last : read.waiter
      if (waiter !== undefined) readiness.cancel(waiter, canceledError())
      read.leave()
    },
    putBack: (value) => {
      leave(readiness, Promise.resolve(value))
      return true
    },
  })
}
