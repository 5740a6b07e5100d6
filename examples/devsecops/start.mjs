// npm start: the orchestrator. Starts the pipeline, gives it a scan, and reports what came out. --help says more.

import { writeFile } from "node:fs/promises"

import { openPage } from "./browser.mjs"
import { openData } from "./data.mjs"
import { Failure } from "./failure.mjs"
import { findFiles } from "./files.mjs"
import { makeKeys } from "./keys.mjs"
import { readOptions } from "./options.mjs"
import { Processes } from "./processes.mjs"
import { count, note, Progress, summary, table } from "./report.mjs"
import { resultsOf, submitScan, waitForScan } from "./scanning.mjs"
import { startSystem } from "./system.mjs"
import { verify } from "./verification.mjs"
import { commits, headOf } from "./watching.mjs"

/** Scans files. Resolves to the findings, once it is sure that none was lost on the way. */
async function scan(system, { data, signal, progress }, work) {
  const started = performance.now()
  const scan = await submitScan(system, work)
  await waitForScan(system, scan, { signal, progress })
  const { findings, workers } = await resultsOf(system.queue, scan)
  const verified = await verify(system, data, scan, findings, signal)
  const report = await system.ask("report", scan.id)
  progress?.clear()
  return { ...report, workers, verified, seconds: (performance.now() - started) / 1000 }
}

const locate = ({ artifactLocation, region }) =>
  `${decodeURIComponent(artifactLocation.uri)}${region ? `:${region.startLine}:${region.startColumn}` : ""}`

/** Scans the files that new commits have changed, until the signal is aborted. */
async function watch(system, context, { root, head, say }) {
  for await (const { commit, files } of commits(root, head, context.signal)) {
    const name = `Commit ${commit.slice(0, 10)}`
    if (files.length === 0) {
      say(`${name}: no JavaScript or TypeScript files changed`)
      continue
    }
    try {
      const { sarif, verified } = await scan(system, context, { root, files, label: commit.slice(0, 10) })
      const { results } = sarif.runs[0]
      say(`${name}: ${count(files.length, "file")}, ${count(results.length, "finding")}`)
      for (const { level, ruleId, locations } of results) {
        say(`  ${level} ${ruleId} ${locate(locations[0].physicalLocation)}`)
      }
      say(verified)
    } catch (error) {
      // The next commit may be better.
      if (context.signal.aborted || !(error instanceof Failure)) throw error
      console.error(`${name}: ${error.message}`)
    }
  }
}

async function report(result, { output, files, say }) {
  await writeFile(output, `${JSON.stringify(result.sarif, null, 2)}\n`).catch((error) => {
    throw new Failure(`Cannot write ${JSON.stringify(output)}: ${error.message}`, 2)
  })
  say(table(result.counts))
  say(summary(files.length, result.workers, result.seconds))
  say(result.verified)
  say(`Report: ${output}`)
}

/** How the user ends it: status and words. */
const ends = { SIGINT: ["Interrupted", 130], SIGTERM: ["Terminated", 143] }

async function run(system, context, { root, files }, head, options) {
  const say = options.quiet ? () => {} : (text) => console.log(text)
  const { hub, edge, tasks } = system.pages
  if (!options.quiet) {
    note(`Status pages: hub ${hub}, edge ${edge}, tasks ${tasks}`)
    note(`Data: ${context.data}`)
  }
  if (options.open) openPage(hub)
  const progress = options.quiet ? undefined : new Progress()
  const result = await scan(system, { ...context, progress }, { root, files, label: "scan" }).finally(() =>
    progress?.clear(),
  )
  await report(result, { output: options.output, files, say })
  if (!options.stay) return
  for (const name of Object.keys(ends)) ends[name] = ["Stopped", 0]
  say(head === undefined ? `Not in a git repository: ${root}` : `Watching for commits: ${root}`)
  say("Ctrl-C ends it")
  if (head === undefined) await context.failed
  await watch(system, context, { root, head, say })
}

async function main() {
  const options = await readOptions(process.argv.slice(2))
  if (options.help) return console.log(options.help)
  if (process.platform === "win32") throw new Failure("Workers of commands need Linux or macOS. On Windows, use WSL", 1)
  const target = await findFiles(options.target)
  // Before the scan: what is committed meanwhile is scanned after it.
  const head = options.stay ? await headOf(target.root) : undefined
  const { folder: data, release } = openData(options.data)
  const processes = new Processes(data)
  const { signal, failed } = processes
  for (const name of Object.keys(ends)) process.on(name, () => processes.fail(...ends[name]))
  let system
  const work = async () => {
    await makeKeys(data)
    system = await startSystem(
      processes,
      data,
      options.stay ? options.workers : Math.min(options.workers, target.files.length),
    )
    await run(system, { data, signal, failed }, target, head, options)
  }
  try {
    await Promise.race([work(), failed])
  } catch (error) {
    // Aborted operations reject in different ways; the reason for the abort is what the user needs.
    if (signal.aborted) throw signal.reason
    throw error.name === "TaskError" || error.name === "ServiceError" ? new Failure(error.message, 1) : error
  } finally {
    system?.close()
    await processes.stop()
    release()
  }
}

// A reader that stops, as in `npm start | head -1`, must not prevent the report.
process.stdout.on("error", () => {})

await main().catch((error) => {
  if (!(error instanceof Failure)) throw error
  console.error(error.message)
  process.exitCode = error.status
})
