// npm start: the orchestrator. Starts the pipeline, gives it a scan, and reports what came out. --help says more.

import { spawn } from "node:child_process"
import { writeFile } from "node:fs/promises"

import { openData } from "./data.mjs"
import { Failure } from "./failure.mjs"
import { findFiles } from "./files.mjs"
import { makeKeys } from "./keys.mjs"
import { readOptions } from "./options.mjs"
import { Processes } from "./processes.mjs"
import { note, Progress, summary, table } from "./report.mjs"
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

/** Scans the changed files of each new commit, until the signal is aborted. */
async function watch(system, context, root, head, say) {
  for await (const { commit, files } of commits(root, head, context.signal)) {
    const short = commit.slice(0, 10)
    if (files.length === 0) {
      say(`Commit ${short}: no source files changed`)
      continue
    }
    const { sarif, verified } = await scan(system, context, { root, files, label: short })
    const { results } = sarif.runs[0]
    say(`Commit ${short}: ${files.length} files scanned, ${results.length} findings`)
    for (const { level, ruleId, locations } of results) say(`  ${level} ${ruleId} ${locate(locations[0].physicalLocation)}`)
    say(verified)
  }
}

/** Opens a page in the browser of the user. Without one, nothing happens: the address is printed. */
function openPage(url) {
  const command = process.platform === "darwin" ? "open" : "xdg-open"
  const child = spawn(command, [url], { detached: true, stdio: "ignore" })
  child.on("error", () => note(`Cannot open a browser: there is no ${command}`))
  child.unref()
}

async function run(processes, data, options, { root, files }, head) {
  const { output, quiet } = options
  const say = quiet ? () => {} : (text) => console.log(text)
  const progress = quiet ? undefined : new Progress()
  const workers = Math.min(options.workers, files.length)
  const system = await startSystem(processes, data, options.stay ? options.workers : workers)
  try {
    const { hub, edge, tasks } = system.pages
    if (!quiet) note(`Status pages: hub ${hub}, edge ${edge}, tasks ${tasks}`)
    if (!quiet) note(`Data: ${data}`)
    if (options.open) openPage(hub)
    const context = { data, signal: processes.signal, progress }
    const result = await scan(system, context, { root, files, label: "scan" })
    await writeFile(output, `${JSON.stringify(result.sarif, null, 2)}\n`).catch((error) => {
      throw new Failure(`Cannot write ${JSON.stringify(output)}: ${error.message}`, 2)
    })
    say(table(result.counts))
    say(summary(files.length, result.workers, result.seconds))
    say(result.verified)
    say(`Report: ${output}`)
    if (!options.stay) return
    say(head === undefined ? "Not a git repository: nothing to watch" : `Watching for commits: ${root}`)
    say("Ctrl-C ends it")
    if (head !== undefined) await watch(system, { ...context, progress: undefined }, root, head, say)
    else await new Promise((_, reject) => processes.signal.addEventListener("abort", () => reject(processes.signal.reason)))
  } finally {
    progress?.clear()
    system.close()
  }
}

async function main() {
  const options = await readOptions(process.argv.slice(2))
  if (options.help) return console.log(options.help)
  if (process.platform === "win32") throw new Failure("A worker of commands needs Linux or macOS. On Windows, use WSL", 1)
  const target = await findFiles(options.target)
  // Before the scan: what is committed meanwhile is scanned after it.
  const head = options.stay ? await headOf(target.root) : undefined
  const { folder: data, release } = openData(options.data)
  const processes = new Processes(data)
  let isStaying = false
  const interrupt = (message, status) => processes.fail(message, status)
  process.on("SIGINT", () => interrupt("Interrupted", 130))
  process.on("SIGTERM", () => interrupt("Terminated", 143))
  try {
    await makeKeys(data)
    await run(processes, data, options, target, head)
  } catch (error) {
    // Aborted operations reject in different ways; the reason for the abort is what the user needs.
    throw processes.signal.reason ?? error
  } finally {
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
