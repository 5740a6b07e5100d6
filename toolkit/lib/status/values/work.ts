// The texts of queues, workers and batches that change while the page is open.

import type { BatchView, QueueView, WorkerView, WorkView } from "../view/work.js"
import { count, duration, plural } from "./format.js"

/** More workers and batches are counted, not listed. */
export const shownRows = 100

export const queueKey = ({ name }: QueueView): string => `queue/${name}`
export const workerKey = ({ name }: WorkerView): string => `worker/${name}`
export const batchKey = ({ id }: BatchView): string => `batch/${id}`

/** How many tasks are in each state, in a sentence. */
const countsText = ({ counts }: QueueView): string =>
  Object.entries(counts)
    .filter(([, tasks]) => tasks > 0)
    .map(([state, tasks]) => `${count(tasks)} ${state}`)
    .join(", ") || "no tasks"

/** Those of a queue server. */
export function workValues({ queues, workers, batches }: WorkView, now: number): Record<string, string> {
  const values: Record<string, string> = { workers: plural(workers.length, "worker") }
  for (const queue of queues) {
    const key = queueKey(queue)
    values[`${key}/state`] = queue.isPaused ? "Paused" : "Open"
    values[`${key}/tone`] = queue.isPaused ? "warn" : "good"
    values[`${key}/counts`] = countsText(queue)
    values[`${key}/oldest`] = queue.oldest === undefined ? "–" : duration(Math.max(0, now - queue.oldest))
  }
  for (const worker of workers.slice(0, shownRows)) {
    const key = workerKey(worker)
    values[`${key}/seen`] = `${duration(Math.max(0, now - worker.lastSeen))} ago`
    values[`${key}/running`] = count(worker.running)
    values[`${key}/free`] = count(worker.credit)
  }
  for (const batch of batches.slice(0, shownRows)) {
    const key = batchKey(batch)
    values[`${key}/ended`] = `${count(batch.ended)} of ${count(batch.total)}`
    values[`${key}/finished`] = count(batch.finished)
  }
  return values
}

/** What their part of the page is made of. */
export const workShape = ({ queues, workers, batches }: WorkView): unknown => [
  queues.map(({ name, isPaused }) => [name, isPaused]),
  workers.slice(0, shownRows).map(({ name, identity }) => [name, identity]),
  batches.slice(0, shownRows).map(({ id }) => id),
]
