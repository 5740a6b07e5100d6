// npm start: finds files, starts the processes that scan them, and reports their findings. --help says more.

import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"

import { Failure } from "./failure.mjs"
import { findFiles } from "./files.mjs"
import { askThrough } from "./links.mjs"
import { readOptions } from "./options.mjs"
import { Processes } from "./processes.mjs"
import { Progress, summary, table } from "./report.mjs"

async function scan(processes, root, files, workers, progress) {
  const { signal } = processes
  const orchestrator = processes.startTool("orchestrator", { files })
  // The first link comes over the orchestrator's own channel. Meanwhile the others load their modules.
  const linked = once(orchestrator, "message", { signal })
  const settings = linked.then(([link]) => ({ orchestrator: link, root }))
  processes.startTool("task-queue", settings)
  processes.startTool("analytics", settings)
  for (let index = 0; index < workers; index += 1) processes.startWorker(settings)

  const [link] = await linked
  const ask = askThrough(link, "start", { signal })
  for (;;) {
    const state = await ask("state", { lost: processes.lost })
    if (state.failure) throw new Failure(state.failure, 1)
    if (state.finished) return { ...state, ...(await ask("report")) }
    progress?.show(state)
    await sleep(50, undefined, { signal })
  }
}

async function main() {
  const started = performance.now()
  const { help, target, output, workers, quiet } = await readOptions(process.argv.slice(2))
  if (help) return console.log(help)
  const { root, files } = await findFiles(target)
  const needed = Math.min(workers, files.length)
  const processes = new Processes(needed)
  process.on("SIGINT", () => processes.fail("Interrupted", 130))
  process.on("SIGTERM", () => processes.fail("Terminated", 143))
  const progress = quiet ? undefined : new Progress()
  try {
    const result = await scan(processes, root, files, needed, progress)
    progress?.clear()
    await writeFile(output, `${JSON.stringify(result.sarif, null, 2)}\n`).catch((error) => {
      throw new Failure(`Cannot write ${JSON.stringify(output)}: ${error.message}`, 2)
    })
    if (quiet) return
    console.log(table(result.counts))
    console.log(summary({ ...result, seconds: (performance.now() - started) / 1000 }))
    console.log(`Report: ${output}`)
  } catch (error) {
    progress?.clear()
    // Aborted operations reject in different ways; the reason for the abort is what the user needs.
    throw processes.signal.reason ?? error
  } finally {
    await processes.stop()
  }
}

// A reader that stops, as in `npm start | head -1`, must not prevent the report.
process.stdout.on("error", () => {})

await main().catch((error) => {
  if (!(error instanceof Failure)) throw error
  console.error(error.message)
  process.exitCode = error.status
})
