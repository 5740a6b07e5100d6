// A scan: its files become tasks of the queue, which workers do, and it is over when the analytics have the result of each.

import { setTimeout as sleep } from "node:timers/promises"

import { Failure } from "./failure.mjs"

/** Starting the scanner takes about as long as scanning so many files. */
const FILES_A_TASK = 128
/** A file that the scanner cannot cope with must not keep this going forever. */
const ATTEMPTS = 5
const TIMEOUT = 300_000
/** A scan of which nothing more is heard for longer than a task may take has failed. */
const SILENCE = 2 * TIMEOUT

/** Deals files out, so that each task has large and small ones. */
function deal(files, workers) {
  const count = Math.min(files.length, Math.max(workers, Math.ceil(files.length / FILES_A_TASK)))
  return Array.from({ length: count }, (_, index) => files.filter((_, at) => at % count === index))
}

/** Submits the tasks of a scan. Resolves once they are on disk. */
export async function submitScan({ queue, workers }, { root, files, label }) {
  const id = `${label}-${Date.now().toString(36)}`
  const tasks = deal(files, workers()).map((some, index) => ({
    id: `${id}-${index + 1}`,
    input: { root, files: some, scan: id },
  }))
  await queue.submit(tasks, { batch: id, attempts: ATTEMPTS, timeout: TIMEOUT })
  return { id, tasks: tasks.length, files: files.length }
}

/** Waits until all tasks of a scan have ended, and their events have come through to the analytics. */
export async function waitForScan({ ask, workers }, scan, { signal, progress }) {
  let before
  let heard = performance.now()
  for (;;) {
    const { files, findings, finished, failures } = await ask("state", scan.id)
    const now = `${findings} ${finished} ${failures.length}`
    if (now !== before) heard = performance.now()
    before = now
    progress?.show({ files: scan.files, counted: files, findings, workers: workers() })
    if (finished + failures.length >= scan.tasks) {
      const [first] = failures
      if (first === undefined) return
      const names = first.files.slice(0, 3).map((file) => JSON.stringify(file))
      throw new Failure(`${failures.length} of ${scan.tasks} tasks failed: ${first.reason} (${names.join(", ")}, …)`, 1)
    }
    if (performance.now() - heard > SILENCE) {
      const missing = scan.tasks - finished - failures.length
      throw new Failure(
        `No events for ten minutes; ${missing} of ${scan.tasks} tasks are missing. --data keeps logs/`,
        1,
      )
    }
    await sleep(100, undefined, { signal })
  }
}

/** What the queue knows of a scan: the findings in its results, and what each worker did. */
export async function resultsOf(queue, scan) {
  const workers = new Map()
  let findings = 0
  for await (const { worker, result } of queue.results({ batch: scan.id })) {
    const [run] = result.sarif.runs
    findings += run.results.length
    const { name, version } = run.tool.driver
    const known = workers.get(worker) ?? { name: worker, scanner: `${name} ${version}`, tasks: 0, files: 0, busy: 0 }
    known.tasks += 1
    known.files += run.artifacts.length
    known.busy += result.duration
    workers.set(worker, known)
  }
  return { findings, workers: [...workers.values()].sort((a, b) => a.name.localeCompare(b.name)) }
}
