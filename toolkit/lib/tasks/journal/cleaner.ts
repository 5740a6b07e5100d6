// Keeps the journal short: copies the tasks of its oldest part to its end, and gives that part up.

import type { TaskQueue } from "../queue/index.js"
import type { Journal, StoredRecord } from "./journal.js"

/** The journal may have this many entries beside what it needs. */
const SLACK = 20_000

/** Whether so much of the journal is out of date that copying the rest pays. */
export const needsCleaning = (journal: Journal, queue: TaskQueue): boolean =>
  journal.length > 2 * queue.book.size + SLACK

/** Copies the task that a record has, if the task is known, and no later record has all of it. */
function copy(queue: TaskQueue, { record, position }: StoredRecord): void {
  if (!("data" in record)) return
  const task = queue.book.get(record.data.id)
  if (task?.position !== position) return
  queue.copy(task, task.input === "" ? record.input : task.input, record.result)
}

/**
 * Cleans until the journal has half of its entries, or less.
 *
 * @param flush Appends the records of the queue, and resolves once all that came before is on disk, too.
 */
export async function clean(journal: Journal, queue: TaskQueue, flush: () => Promise<void>): Promise<void> {
  const goal = Math.max(queue.book.size + SLACK / 2, journal.length / 2)
  // What is not a task: a copy stands behind all that is given up.
  queue.copyState()
  await flush()
  for await (const chunk of journal.read(journal.first)) {
    for (const stored of chunk) copy(queue, stored)
    // Also if nothing was copied: later records of these tasks may be on their way, and must be on disk before.
    await flush()
    const last = chunk.at(-1)
    if (last) await journal.commit(last.position)
    if (journal.length <= goal) return
  }
}
