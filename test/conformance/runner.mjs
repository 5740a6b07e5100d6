// Runs checks in processes of their own, so that nothing that a package does ends or freezes the others.

import { fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"

import { differences } from "./differences.mjs"
import { groups, loadChecks, packages } from "./groups.mjs"

/** How many processes run at the same time. */
const processes = 4
/** A process that has sent nothing for so long is frozen, in milliseconds. */
const silence = 30_000

const program = fileURLToPath(new URL("child.mjs", import.meta.url))

/** What a process is started with: this Node.js, with `gc()`, and a sanitizer if one is asked for. See CONTRIBUTING.md. */
const ownRuntime = {
  execPath: process.execPath,
  execArgv: ["--expose-gc", "--no-warnings"],
  env: JSON.parse(process.env.OHMQ_TEST_ENV ?? "{}"),
}

/** Runs named checks in one process. Tells results, and if it broke, which checks had begun and not ended. */
function runChild(runtime, packageName, group, names, folder) {
  return new Promise((resolve) => {
    const child = fork(program, [packageName, group, folder], {
      execPath: runtime.execPath,
      execArgv: runtime.execArgv,
      // libzmq makes the paths of ipc://* there.
      env: { ...process.env, NODE_OPTIONS: "", TMPDIR: folder, ...runtime.env },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      detached: process.platform !== "win32",
    })
    // With its group go the programs that checks have started, which may be frozen too.
    const kill = () => {
      try {
        process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL")
      } catch {
        // There is nobody left.
      }
    }
    const results = new Map()
    const begun = new Set()
    let stderr = ""
    let frozen = false
    let timer
    const watch = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        frozen = true
        kill()
      }, silence)
    }
    watch()
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr = (stderr + text).slice(-4000)
    })
    child.on("message", ({ started, name, error, done }) => {
      watch()
      if (done) kill()
      else if (started !== undefined) begun.add(started)
      else {
        begun.delete(name)
        results.set(name, error)
      }
    })
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      kill()
      const ended = frozen ? "froze" : `ended with ${code ?? signal}`
      resolve({ results, begun, failure: `The process ${ended}.\n${stderr}` })
    })
    child.send({ names })
  })
}

/** Runs tasks, so many at a time. */
async function pool(size, tasks) {
  const queue = [...tasks]
  const work = async () => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await task()
  }
  await Promise.all(Array.from({ length: size }, work))
}

/** zeromq loses wake-ups and freezes contexts, so that a check may fail for what was beside it. */
const mayBeByChance = (packageName, name) => packageName === "zeromq" && !(name in differences)

/**
 * Runs groups of checks on both packages, or on those that are named, and on this Node.js or another runtime. What fails and
 * `again` is true of is run once more, in a process of its own. Gives, for each package, a map from `group: name` to the
 * error as text, or undefined where the check passed.
 */
export async function runAll(chosen = groups, { tested = packages, runtime = ownRuntime, again = mayBeByChance } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "conf-"))
  const outcome = Object.fromEntries(tested.map((name) => [name, new Map()]))
  const later = []
  const runSome = async (packageName, group, names) => {
    let left = names
    while (left.length > 0) {
      const { results, begun, failure } = await runChild(runtime, packageName, group, left, folder)
      for (const [name, error] of results) outcome[packageName].set(`${group}: ${name}`, error)
      left = left.filter((name) => !results.has(name) && !begun.has(name))
      if (begun.size === 1 || (results.size === 0 && begun.size === 0)) {
        const blamed = begun.size === 1 ? [...begun] : left
        for (const name of blamed) outcome[packageName].set(`${group}: ${name}`, failure)
        if (begun.size === 0) return
      } else {
        // One of these broke the process. Which one, each tells in a process of its own.
        for (const name of begun) later.push(() => runSome(packageName, group, [name]))
      }
    }
  }
  try {
    const tasks = []
    for (const group of chosen) {
      const checks = [...(await loadChecks(group)).all]
      const together = checks.filter(([, check]) => !check.alone).map(([name]) => name)
      const alone = checks.filter(([, check]) => check.alone).map(([name]) => name)
      for (const packageName of tested) {
        tasks.push(() => runSome(packageName, group, together))
        // The longest come first.
        for (const name of alone) tasks.unshift(() => runSome(packageName, group, [name]))
      }
    }
    await pool(processes, tasks)
    while (later.length > 0) await pool(processes, later.splice(0))
    const repeats = tested.flatMap((packageName) =>
      [...outcome[packageName]]
        .filter(([name, error]) => error !== undefined && again(packageName, name))
        .map(([name]) => {
          const group = name.slice(0, name.indexOf(": "))
          return () => runSome(packageName, group, [name.slice(group.length + 2)])
        }),
    )
    await pool(processes, repeats)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return outcome
}
