// Reads tasks that have ended from the store: their inputs and results are not in memory.

import { type Task, TaskError } from "../queue/index.js"
import type { Journal } from "./journal.js"

/** What the store has of a task, as JSON. */
export interface Values {
  input: string
  result: string | undefined
}

/** A gap in positions that is read over; a larger one is worth a new start. */
const NEAR = 2000
/** The journal may be cleaned meanwhile: how often to look again. */
const TRIES = 5

/** Reads what the store has of tasks whose last record is on disk. */
export async function readValues(journal: Journal, tasks: readonly Task[]): Promise<Map<Task, Values>> {
  const found = new Map<Task, Values>()
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const wanted = tasks
      .filter((task) => !found.has(task) && task.position !== undefined)
      .sort((one, other) => (one.position as number) - (other.position as number))
    if (wanted.length === 0) return found
    await readOnce(journal, wanted, found)
  }
  if (tasks.some((task) => !found.has(task) && task.position !== undefined))
    throw new TaskError(
      "STORE",
      "The store does not have a task where the queue has put it. Check it: ohmq store check",
    )
  return found
}

async function readOnce(journal: Journal, wanted: readonly Task[], found: Map<Task, Values>): Promise<void> {
  const places = wanted.map((task) => ({ task, position: task.position as number }))
  let at = 0
  while (at < places.length) {
    const start = (places[at] as { position: number }).position
    let next = start
    reading: for await (const chunk of journal.read(start)) {
      for (const { record, position } of chunk) {
        while (at < places.length && (places[at] as { position: number }).position < position) at++
        const place = places[at]
        if (place === undefined || place.position > position + NEAR) break reading
        if (place.position !== position || !("data" in record) || record.data.id !== place.task.id) continue
        found.set(place.task, { input: record.input, result: record.result })
        at++
      }
      next = chunk.at(-1)?.position ?? next
      if (at >= places.length) return
    }
    // What is not there was moved: it is looked for again.
    if (next === start) at++
  }
}
