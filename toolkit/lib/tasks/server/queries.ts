// What callers ask for, and the answers, which are sent when all that they show is on disk.

import { readValues } from "../journal/index.js"
import { checkName, isEnd, type Task, TaskError } from "../queue/index.js"
import type { Engine } from "./engine.js"
import { checkSelection, type PageOptions, pageOf, requireKnown } from "./selection.js"
import { resultText, snapshotOf, viewOf } from "./views.js"
import { countsOf } from "./waiters.js"

/** Results are read from the store so many at a time. */
const READ_AT_ONCE = 100
/** An answer with results has about this many characters, or one result. */
const ANSWER_SIZE = 4 << 20
const MAX_BATCHES = 1000

function page(body: Record<string, unknown>): PageOptions {
  const { after, max } = body as { after?: number; max?: number }
  return { ...checkSelection(body.select), after, max }
}

/** The JSON of tasks with their inputs and results. What has been discarded meanwhile is left out. */
async function textsOf(engine: Engine, tasks: readonly Task[]): Promise<string[]> {
  const { queue, journal } = engine
  const values = await readValues(
    journal,
    tasks.filter(({ state }) => isEnd(state)),
  )
  return tasks.filter((task) => queue.book.get(task.id) === task).map((task) => resultText(task, values.get(task)))
}

/** Results of a page, as much as goes into one answer. */
async function results(engine: Engine, options: PageOptions): Promise<string> {
  const { tasks, next } = pageOf(engine.queue, options)
  const texts: string[] = []
  let size = 0
  for (let at = 0; at < tasks.length; at += READ_AT_ONCE) {
    const some = tasks.slice(at, at + READ_AT_ONCE)
    for (const text of await textsOf(engine, some)) {
      texts.push(text)
      size += text.length
    }
    const last = some.at(-1)
    if (size < ANSWER_SIZE || at + READ_AT_ONCE >= tasks.length || options.ids) continue
    return `{"tasks":[${texts.join(",")}],"next":${last?.seq}}`
  }
  return `{"tasks":[${texts.join(",")}]${next === undefined ? "" : `,"next":${next}`}}`
}

function task(engine: Engine, id: unknown): Task {
  const found = engine.queue.book.get(checkName("id", id))
  if (found === undefined) throw new TaskError("UNKNOWN", `There is no task "${id}"`)
  return found
}

/**
 * Answers a query.
 *
 * @returns The answer as JSON: at once, what the queue is like now; or what makes it once that is on disk.
 */
export function query(engine: Engine, body: Record<string, unknown>): string | (() => Promise<string>) {
  const { queue } = engine
  switch (body.what) {
    case "counts": {
      const selection = checkSelection(body.select)
      requireKnown(queue, selection)
      return JSON.stringify({ counts: countsOf(queue, selection) })
    }
    case "list": {
      const options = page(body)
      requireKnown(queue, options)
      const { tasks, next } = pageOf(queue, options)
      return JSON.stringify({ tasks: tasks.map(viewOf), next })
    }
    case "results": {
      const options = page(body)
      requireKnown(queue, options)
      // Errors of the options now, the results later.
      pageOf(queue, { ...options, max: 1 })
      if (options.ids && options.ids.length > READ_AT_ONCE)
        throw new TaskError("INVALID", `Expected at most ${READ_AT_ONCE} ids but received ${options.ids.length}`)
      return () => results(engine, options)
    }
    case "show": {
      const found = task(engine, body.id)
      return async () => {
        const [text] = await textsOf(engine, [found])
        if (text === undefined) throw new TaskError("UNKNOWN", `There is no task "${found.id}" any more`)
        return `{"task":${text}}`
      }
    }
    case "snapshot":
      return JSON.stringify(snapshotOf(queue))
    case "batches": {
      const batches = [...queue.book.batches].slice(-MAX_BATCHES)
      return JSON.stringify({ batches: Object.fromEntries(batches) })
    }
    default:
      throw new TaskError("INVALID", "Expected what to be one of counts, list, results, show, snapshot, batches")
  }
}
