// The measurements. Each ends early, with what it has, when its signal is aborted.

import { Buffer } from "node:buffer"

import type { Message, MessageLike } from "../../index.js"
import { CommandError } from "../command/exit.js"
import { Histogram } from "./histogram.js"
import { isComplete, type Limits, Watchdog, whenAborted } from "./limits.js"

/** What passed. */
export interface Passed {
  messages: number
  bytes: number
  seconds: number
}

/** What the measurements use of a socket. */
export interface Channel {
  sendMany(messages: MessageLike[] | MessageLike[][], options?: { signal?: AbortSignal }): Promise<void>
  send(message: MessageLike | MessageLike[]): Promise<void>
  receive(): Promise<Message[]>
  batches(options?: { signal?: AbortSignal }): AsyncIterable<Message[][]>
  close(options: { linger: number }): void
}

/** Around a measurement. */
export interface Around {
  readonly signal: AbortSignal
  /** After this long without a message, in milliseconds, it has stalled, and ends. */
  readonly patience?: number
  /** Instead of `patience` once a message has arrived. */
  readonly idle?: number
  onStall?(): void
  /** Called from time to time. */
  show(messages: number, seconds: number): void
}

/** How often the progress is shown, in milliseconds. */
const SHOW = 200
/** How many bytes of messages are sent at a time, and at most how many messages. */
const GROUP_BYTES = 256 * 1024
const GROUP = 256

export const payload = (size: number) => Buffer.alloc(size, "ohmq ")

interface Watched {
  signal: AbortSignal
  watchdog: Watchdog
  show(messages: number, seconds: number, now: number): void
}

/** Shows the progress at most every so often. */
function throttled(show: Around["show"]): Watched["show"] {
  let shown = 0
  return (messages, seconds, now) => {
    if (now - shown <= SHOW) return
    shown = now
    show(messages, seconds)
  }
}

/** A signal that a watchdog aborts too, and progress that is shown now and then. */
function watched({ signal, patience, onStall, show }: Around): Watched {
  const stall = new AbortController()
  const watchdog = new Watchdog(patience, () => {
    stall.abort()
    onStall?.()
  })
  return { signal: AbortSignal.any([signal, stall.signal]), watchdog, show: throttled(show) }
}

/** Counts what arrives. The first group after the warm-up starts the clock and is not counted. */
export async function measureArrivals(socket: Channel, limits: Limits, around: Around): Promise<Passed> {
  const { signal, watchdog, show } = watched(around)
  const passed: Passed = { messages: 0, bytes: 0, seconds: 0 }
  let [first, begin] = [0, 0]
  try {
    for await (const group of socket.batches({ signal })) {
      const now = performance.now()
      watchdog.feed()
      first ||= now
      watchdog.timeout = around.idle ?? around.patience
      if (begin === 0) {
        if (now - first >= limits.warmup) begin = now
        continue
      }
      passed.messages += group.length
      for (const parts of group) for (const part of parts) passed.bytes += part.length
      passed.seconds = (now - begin) / 1000
      show(passed.messages, passed.seconds, now)
      if (isComplete(limits, passed.messages, now - begin)) break
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    watchdog[Symbol.dispose]()
  }
  return passed
}

/** Sends messages as fast as the socket takes them. */
export async function measureSending(socket: Channel, size: number, limits: Limits, around: Around): Promise<Passed> {
  const { signal, watchdog, show } = watched(around)
  const message = payload(size)
  const full = Math.max(1, Math.min(GROUP, Math.floor(GROUP_BYTES / Math.max(1, size))))
  const group = Array.from({ length: full }, () => message)
  const passed: Passed = { messages: 0, bytes: 0, seconds: 0 }
  const start = performance.now()
  let begin = 0
  try {
    while (!signal.aborted) {
      const left = (limits.count ?? Number.POSITIVE_INFINITY) - passed.messages
      const wanted = begin === 0 || left >= full ? group : group.slice(0, left)
      await socket.sendMany(wanted, { signal })
      const now = performance.now()
      watchdog.feed()
      if (begin === 0) {
        if (now - start < limits.warmup) continue
        begin = now
        // Without a warm-up each message counts.
        if (limits.warmup > 0) continue
        begin = start
      }
      passed.messages += wanted.length
      passed.seconds = (now - begin) / 1000
      show(passed.messages, passed.seconds, now)
      if (isComplete(limits, passed.messages, now - begin)) break
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    watchdog[Symbol.dispose]()
  }
  passed.bytes = passed.messages * size
  return passed
}

/** Sends a message and waits for it to come back, again and again. It closes the socket if it ends early. */
export async function measureRoundTrips(
  socket: Channel,
  size: number,
  limits: Limits,
  { signal, patience, show, onStall }: Around,
  /** What a Dealer sends before the message, so that a Reply understands it. */
  envelope: readonly string[] = [],
): Promise<Histogram> {
  const histogram = new Histogram()
  let hasStalled = false
  const close = () => socket.close({ linger: 0 })
  // A signal or a timeout for each receive would be measured too.
  const watchdog = new Watchdog(patience, () => {
    hasStalled = true
    onStall?.()
    close()
  })
  const forget = whenAborted(signal, close)
  const request = [...envelope, payload(size)]
  const start = performance.now()
  const showNow = throttled(show)
  let begin = 0
  try {
    for (;;) {
      const sent = performance.now()
      await socket.send(request)
      const reply = await socket.receive()
      const now = performance.now()
      watchdog.feed()
      const length = reply.at(-1)?.length
      if (length !== size) {
        throw new CommandError(
          `The peer does not echo: it received ${size} bytes, and replied with ${reply.length} part(s), the last of ${length} bytes`,
        )
      }
      if (begin === 0) {
        if (now - start < limits.warmup) continue
        begin = now
        if (limits.warmup > 0) continue
        begin = start
      }
      histogram.add((now - sent) * 1e6)
      showNow(histogram.count, (now - begin) / 1000, now)
      if (isComplete(limits, histogram.count, now - begin)) break
    }
  } catch (error) {
    if (!signal.aborted && !hasStalled) throw error
  } finally {
    watchdog[Symbol.dispose]()
    forget()
  }
  return histogram
}

/** Sends back what comes, unchanged: from a Router with its routing id. */
export async function echo(socket: Channel, signal: AbortSignal): Promise<number> {
  const forget = whenAborted(signal, () => socket.close({ linger: 0 }))
  let messages = 0
  try {
    for (;;) {
      await socket.send(await socket.receive())
      messages += 1
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    forget()
  }
  return messages
}
