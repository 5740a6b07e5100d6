// Starts processes, reads from their logs where they listen, starts them again if they are lost, and ends them all.

import { fork } from "node:child_process"
import { once } from "node:events"
import { createWriteStream, mkdirSync } from "node:fs"
import path from "node:path"
import { createInterface } from "node:readline"
import { pathToFileURL } from "node:url"

import { Failure } from "./failure.mjs"
import { note } from "./report.mjs"

const tether = pathToFileURL(path.join(import.meta.dirname, "tether.mjs")).href

/** How long a process that was asked to end may take. */
const GRACE = 5000

/** A line of a log: the toolkit writes JSON, other programs text. */
function parse(line) {
  try {
    return line.startsWith("{") ? JSON.parse(line) : { msg: line }
  } catch {
    return { msg: line }
  }
}

export class Processes {
  #data
  #children = new Set()
  #failure = new AbortController()
  #stopping = false

  /** Aborted when the run can no longer succeed; its reason says why. */
  signal = this.#failure.signal
  /** Rejects then. */
  failed = new Promise((_, reject) => this.signal.addEventListener("abort", () => reject(this.signal.reason)))

  /** @param data The folder of the data, in which the processes run. */
  constructor(data) {
    this.#data = data
    // Not everybody waits for it.
    this.failed.catch(() => {})
    // For what processes put into the temporary folder of the system: it ends with the data.
    for (const folder of ["logs", "tmp"]) mkdirSync(path.join(data, folder), { recursive: true })
  }

  fail(message, status = 1) {
    this.#failure.abort(new Failure(message, status))
  }

  /**
   * Starts a process. Resolves once it says that it is ready, to the facts of its log, such as where it listens. If it is lost later, it is
   * started again, at the same addresses.
   *
   * @param spec `program`; `args`, a function of the facts that are known from before; `ready`, what it says; `spare`, a common one of
   * processes that can do the work of each other: how often they may be lost; `gone`, the failure when the last one is.
   */
  start(name, spec) {
    const said = new Promise((resolve) => this.#launch(name, spec, {}, resolve))
    return Promise.race([said, this.failed])
  }

  #launch(name, spec, facts, ready) {
    const child = this.#fork(name, spec, facts)
    let last = ""
    let isReady = false
    createInterface({ input: child.stderr }).on("line", (line) => {
      const { msg, reason, ...more } = parse(line)
      // The lines of a stack do not say what went wrong.
      if (!/^(\s|\}|Node\.js|$)/.test(line)) last = reason ?? msg ?? line
      for (const fact of ["address", "endpoint", "http", "service"]) facts[fact] = more[fact] ?? facts[fact]
      if (!msg?.includes(spec.ready)) return
      isReady = true
      ready(facts)
    })
    child.on("error", (error) => this.fail(`Cannot start ${name}: ${error.message}`))
    child.on("close", (status, signal) => {
      this.#children.delete(child)
      if (this.#stopping || this.signal.aborted) return
      if (!isReady && signal === null) return this.fail(`${name} did not start (status ${status}): ${last}`)
      note(`Lost ${name} (${signal ?? `status ${status}`})${signal === null ? `: ${last}` : ""}`)
      if (spec.spare.left > 0) {
        spec.spare.left -= 1
        this.#launch(name, spec, facts, ready)
      } else if (this.running(spec) === 0) this.fail(spec.gone)
    })
  }

  #fork(name, { program, args, spare }, facts) {
    const child = fork(program, args(facts), {
      cwd: this.#data,
      // Ctrl-C in a terminal goes to start.mjs only, which ends them.
      detached: true,
      env: { ...process.env, TMPDIR: path.join(this.#data, "tmp") },
      execArgv: ["--no-warnings", "--import", tether],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    })
    child.stderr.pipe(createWriteStream(path.join(this.#data, `logs/${name}.log`), { flags: "a" }))
    this.#children.add(Object.assign(child, { spare }))
    return child
  }

  /** How many run of those that can do the work of each other. */
  running({ spare }) {
    return [...this.#children].filter((child) => child.spare === spare).length
  }

  /** Ends all processes. */
  async stop() {
    this.#stopping = true
    const exits = [...this.#children].map((child) => once(child, "close"))
    for (const child of this.#children) child.kill("SIGTERM")
    const timer = setTimeout(() => {
      for (const child of this.#children) child.kill("SIGKILL")
    }, GRACE)
    await Promise.all(exits)
    clearTimeout(timer)
  }
}
