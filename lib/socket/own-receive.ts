// Iterators over a `receive` that a subclass overrides or a program has replaced.

import { LONGEST_TIMER } from "../base/checks.js"
import { errnoError, timeoutError } from "../base/errors.js"
import { type Iteration, type Source, SourceIterator } from "../base/iteration.js"
import { clearTimeout, setTimeout } from "../base/timers.js"
import type { Waiter } from "./queues.js"
import type { Readiness } from "./readiness.js"

/** A call of such a `receive`, for which a step waits. */
interface Read<T> {
  readonly promise: Promise<void>
  /** Ends the step; rejects it if there is a reason. */
  readonly leave: (reason?: Error) => void
  readonly result: Promise<T>
  /** The socket's receive for which the call waits, if it is known. */
  readonly waiter: Waiter<void> | undefined
}

const canceledError = () => errnoError("ECANCELED", "The receive was canceled because its iterator has returned")

/** Calls whose iterator returned before they did, by socket. The next iterator gets their results. */
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
 * Such a `receive` may take any arguments, so it cannot be given a signal. But the socket's receive, for which it waits, can be cancelled;
 * then the call usually rejects. If it resolves anyway, the next step or iterator gets the message.
 *
 * @param timeout How long a step may take, in milliseconds. Without it, the receive itself decides.
 * @param signal Ends the iterator.
 */
export function iterateOver<T>(
  readiness: Readiness,
  receive: () => Promise<T>,
  timeout = -1,
  signal?: AbortSignal,
): Iteration<T> {
  const { readers } = readiness
  const call = async () => receive()
  const giveUp = (read: Read<T>, reason?: Error) => {
    leave(readiness, read.result)
    // Without a queue only one receive can wait, so it must be one of this call, even if the call has received before.
    const waiter = readers.queue === null ? readers.last : read.waiter
    if (waiter !== undefined) readiness.cancel(waiter, canceledError())
    read.leave(reason)
  }
  const source: Source<T, Read<T>> = {
    isEnded: () => readiness.isClosed,
    take: () => undefined,
    wait: (hold) => {
      const before = readers.last
      const left = leftCalls.get(readiness)?.shift() as Promise<T> | undefined
      const result = left === undefined ? call() : left.catch(call)
      const waiter = readers.last === before ? undefined : readers.last
      let isLeft = false
      let leaveStep!: Read<T>["leave"]
      const promise = new Promise<void>((resolve, reject) => {
        leaveStep = (reason) => {
          isLeft = true
          if (reason === undefined) resolve()
          else reject(reason)
        }
        result.then((value) => {
          if (!isLeft) hold(value)
          resolve()
        }, reject)
      })
      const read = { promise, leave: leaveStep, result, waiter }
      if (timeout >= 0 && timeout <= LONGEST_TIMER) {
        const timer = setTimeout(() => giveUp(read, timeoutError()), timeout)
        const stop = () => clearTimeout(timer)
        promise.then(stop, stop)
      }
      return read
    },
    cancel: giveUp,
    putBack: (value) => {
      leave(readiness, Promise.resolve(value))
      return true
    },
  }
  return new SourceIterator(source, signal)
}
