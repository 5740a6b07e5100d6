// Every way to iterate over a source, and every way to end that.

import { once } from "node:events"
import { addAbortSignal, type Readable, type Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { WritableStream } from "node:stream/web"

import { expect } from "vitest"

import { ENOUGH, type Run, stop, stopped } from "./run.js"
import { failure } from "./sockets.js"
import type { Kind } from "./sources.js"

async function* through(items: AsyncIterable<unknown>) {
  for await (const item of items) yield item
}

async function* some(items: AsyncIterable<unknown>) {
  let count = 0
  for await (const item of items) {
    yield item
    count += 1
    if (count === ENOUGH) return
  }
}

const closed = async (stream: Readable) => {
  if (!stream.closed) await new Promise((resolve) => stream.on("close", resolve))
}

export interface Way {
  /** The sources that it supports. Default: all. */
  over?: (kind: Kind) => boolean
  /** Ends when enough items were seen, while more are there. */
  there?: Record<string, (run: Run) => Promise<unknown>>
  /** Ends when a step waits. */
  waiting?: Record<string, (run: Run) => Promise<unknown>>
}

async function consume(items: AsyncIterable<unknown>) {
  for await (const _ of items);
}

async function breakOut(run: Run, items: AsyncIterable<unknown>) {
  for await (const item of items) if (run.see(item)) break
}

const throwOut = async (run: Run, items: AsyncIterable<unknown>) => {
  const loop = async () => {
    for await (const item of items) run.stopWhenEnough(item)
  }
  await stopped(loop())
}

async function closeInside(run: Run, items: AsyncIterable<unknown>) {
  for await (const item of items) if (run.see(item)) run.close()
}

/** Iterates over everything, and calls `end` when a step waits. */
async function endWaiting(run: Run, going: Promise<unknown>, end: () => unknown) {
  const gone = going.catch((error) => error)
  await run.waits()
  await end()
  return gone
}

const loops = (over: (run: Run) => AsyncIterable<unknown>): Required<Pick<Way, "there" | "waiting">> => ({
  there: {
    break: (run) => breakOut(run, over(run)),
    throw: (run) => throwOut(run, over(run)),
    close: (run) => closeInside(run, over(run)),
  },
  waiting: {
    close: async (run) => expect(await endWaiting(run, run.all(over(run)), run.close)).toBeUndefined(),
  },
})

async function endIterator(run: Run, end: (iterator: ReturnType<Run["iterator"]>) => unknown) {
  const iterator = run.iterator()
  const steps = Array.from({ length: ENOUGH + 2 }, () => iterator.next())
  for (const step of steps.slice(0, ENOUGH)) run.see((await step).value)
  await run.waits()
  await end(iterator)
  for (const step of [...steps.slice(ENOUGH), iterator.next()]) {
    expect(await step).toEqual({ done: true, value: undefined })
  }
}

function streams(open: (run: Run) => Readable): Way {
  const inListener = async (run: Run, end: (stream: Readable) => void) => {
    const stream = open(run)
    stream.on("data", (item) => run.see(item) && end(stream))
    await closed(stream)
  }
  const whileWaiting = async (run: Run, end: (stream: Readable) => unknown) => {
    const stream = open(run)
    stream.on("data", run.see)
    const closed = new Promise((resolve) => stream.on("close", resolve))
    await endWaiting(run, closed, () => end(stream))
  }
  const abort = (run: Run) => (stream: Readable) => {
    addAbortSignal(run.controller.signal, stream)
    run.abort()
  }
  const { there, waiting } = loops(open)
  return {
    there: {
      ...there,
      destroy: (run) => inListener(run, (stream) => stream.destroy()),
      "destroy with an error": (run) => inListener(run, (stream) => stream.destroy(stop)),
      abort: (run) => inListener(run, abort(run)),
    },
    waiting: {
      ...waiting,
      destroy: (run) => whileWaiting(run, (stream) => stream.destroy()),
      "destroy with an error": (run) => whileWaiting(run, (stream) => stream.destroy(stop)),
      abort: (run) => whileWaiting(run, abort(run)),
    },
  }
}

function pipelines(open: (run: Run) => Readable): Way {
  const going = (run: Run, sink: Writable) => pipeline(open(run), sink, { signal: run.controller.signal })
  const looking = (run: Run) => run.sink(run.see)
  const endInside = (run: Run, end: (sink: Writable) => void) =>
    failure(() =>
      going(
        run,
        run.sink((item, sink) => run.see(item) && end(sink)),
      ),
    )
  return {
    there: {
      throw: (run) => stopped(going(run, run.sink(run.stopWhenEnough))),
      destroy: (run) => endInside(run, (sink) => sink.destroy()),
      abort: (run) => endInside(run, run.abort),
    },
    waiting: {
      destroy: (run) => {
        const sink = looking(run)
        return endWaiting(run, going(run, sink), () => sink.destroy())
      },
      abort: (run) => endWaiting(run, going(run, looking(run)), run.abort),
      close: async (run) => expect(await endWaiting(run, going(run, looking(run)), run.close)).toBeUndefined(),
    },
  }
}

export const ways: Record<string, Way> = {
  "for await": loops((run) => run.iterate()),
  "for await with a signal that ends it": {
    over: ({ onAbort }) => onAbort === "ends",
    there: {
      abort: async (run) => {
        for await (const item of run.iterateWithSignal()) if (run.see(item)) run.abort()
      },
    },
    waiting: {
      abort: async (run) => expect(await endWaiting(run, run.all(run.iterateWithSignal()), run.abort)).toBeUndefined(),
    },
  },
  "for await with a signal": {
    over: ({ onAbort }) => onAbort === "throws",
    there: {
      abort: async (run) => {
        const loop = async () => {
          for await (const item of run.iterateWithSignal()) if (run.see(item)) run.abort()
        }
        await stopped(loop())
      },
    },
    waiting: {
      abort: async (run) => expect(await endWaiting(run, run.all(run.iterateWithSignal()), run.abort)).toBe(stop),
    },
  },
  "next, return and throw": {
    there: {
      return: async (run) => {
        const iterator = run.iterator()
        while (!run.see((await iterator.next()).value));
        expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
        expect(await iterator.next()).toEqual({ done: true, value: undefined })
      },
    },
    waiting: Object.fromEntries(
      Object.entries<(iterator: ReturnType<Run["iterator"]>) => unknown>({
        return: (iterator) => iterator.return?.(),
        throw: (iterator) => stopped(iterator.throw?.(stop) as Promise<unknown>),
        "await using": (iterator) => iterator[Symbol.asyncDispose](),
      }).map(([name, end]) => [name, (run) => endIterator(run, end)]),
    ),
  },
  "Readable.from": streams((run) => run.readable()),
  "Readable.from, pipeline": pipelines((run) => run.readable()),
  toReadable: { ...streams((run) => run.toReadable()), over: (kind) => kind.hasStreams },
  "toReadable, pipeline": { ...pipelines((run) => run.toReadable()), over: (kind) => kind.hasStreams },
  "Readable.from, compose": {
    there: {
      destroy: async (run) => {
        const first = run.readable()
        const composed = first.compose(through) as unknown as Readable
        composed.on("error", () => {}).on("data", (item) => run.see(item) && composed.destroy() && first.destroy())
        await closed(first)
      },
    },
    waiting: {
      destroy: async (run) => {
        const first = run.readable()
        first
          .compose(through)
          .on("error", () => {})
          .on("data", run.see)
        await endWaiting(run, closed(first), () => first.destroy())
      },
      close: async (run) => {
        const composed = run.readable().compose(through).on("data", run.see)
        await endWaiting(run, once(composed, "end"), run.close)
      },
    },
  },
  "Readable.from, take": {
    there: {
      end: async (run) => {
        const first = run.readable()
        for (const item of await first.take(ENOUGH).toArray()) run.see(item)
        await closed(first)
      },
    },
  },
  "Readable.from, map": {
    there: {
      throw: async (run) => {
        const first = run.readable()
        await stopped(first.map(run.stopWhenEnough).toArray())
        await closed(first)
      },
      break: async (run) => {
        const first = run.readable()
        await breakOut(
          run,
          first.map((item) => item),
        )
        await closed(first)
      },
    },
    waiting: {
      destroy: async (run) => {
        const first = run.readable()
        await endWaiting(run, run.all(first.map((item) => item)), () => first.destroy())
      },
      close: (run) => endWaiting(run, run.all(run.readable().map((item) => item)), run.close),
    },
  },
  "pipeline to a function": {
    there: {
      break: (run) => pipeline(run.iterate(), (items: AsyncIterable<unknown>) => breakOut(run, items)),
      throw: (run) => pipeline(run.iterate(), (items: AsyncIterable<unknown>) => throwOut(run, items)),
    },
    waiting: {
      close: (run) =>
        endWaiting(
          run,
          pipeline(run.iterate(), (items) => run.all(items)),
          run.close,
        ),
    },
  },
  "pipeline to a Writable": {
    there: {
      throw: (run) => stopped(pipeline(run.iterate(), run.watchedSink(run.stopWhenEnough))),
    },
    waiting: {
      close: (run) => endWaiting(run, pipeline(run.iterate(), run.sink(run.see)), run.close),
    },
  },
  "pipeline from a function with its signal": {
    over: ({ onAbort }) => onAbort !== undefined,
    waiting: {
      abort: async (run) => {
        const { signal } = run.controller
        const source = (options: { signal: AbortSignal }) => run.iterate(options.signal)
        const going = pipeline(source as () => AsyncIterable<unknown>, run.sink(run.see), { signal })
        expect(await endWaiting(run, going, run.abort)).toMatchObject({ name: "AbortError" })
      },
    },
  },
  "ReadableStream.from": {
    there: loops((run) => run.web()).there,
    waiting: {
      ...loops((run) => run.web()).waiting,
      cancel: async (run) => {
        const reader = run.web().getReader()
        const going = (async () => {
          for (let read = await reader.read(); !read.done; read = await reader.read()) run.see(read.value)
        })()
        expect(await endWaiting(run, going, () => reader.cancel())).toBeUndefined()
      },
    },
  },
  "ReadableStream.from, pipeTo": {
    there: {
      throw: (run) => stopped(run.web().pipeTo(new WritableStream({ write: (item) => void run.stopWhenEnough(item) }))),
    },
    waiting: {
      abort: async (run) => {
        const going = run.web().pipeTo(new WritableStream({ write: (item) => void run.see(item) }), run.controller)
        expect(await endWaiting(run, going, run.abort)).toBe(stop)
      },
      close: (run) =>
        endWaiting(run, run.web().pipeTo(new WritableStream({ write: (item) => void run.see(item) })), run.close),
    },
  },
  toReadableStream: {
    over: (kind) => kind.hasStreams,
    waiting: {
      cancel: async (run) => {
        const reader = run.toReadableStream().getReader()
        const going = (async () => {
          for (let read = await reader.read(); !read.done; read = await reader.read()) run.see(read.value)
        })()
        expect(await endWaiting(run, going, () => reader.cancel())).toBeUndefined()
      },
      abort: async (run) => {
        const write = (item: unknown) => void run.see(item)
        const going = run.toReadableStream().pipeTo(new WritableStream({ write }), run.controller)
        expect(await endWaiting(run, going, run.abort)).toBe(stop)
      },
      close: (run) => endWaiting(run, run.all(run.toReadableStream()), run.close),
    },
  },
  "helpers of iterators": {
    there: {
      end: (run) => run.all(run.iterator().take(ENOUGH)),
      break: (run) =>
        breakOut(
          run,
          run.iterator().map((item) => item),
        ),
      throw: (run) => stopped(consume(run.iterator().map(run.stopWhenEnough))),
    },
    waiting: {
      close: (run) => endWaiting(run, run.all(run.iterator().map((item) => item)), run.close),
    },
  },
  "generators around it": {
    ...loops((run) => through(through(run.iterate()))),
  },
  "a generator around it that ends": {
    there: {
      end: (run) => run.all(through(some(run.iterate()))),
    },
  },
}
