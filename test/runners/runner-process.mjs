// A runner or a program in a process of its own: what its tests did, whether it ended by itself, and how soon.

import { spawn } from "node:child_process"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

/** A runner ends this soon after its last test, in milliseconds. */
export const SOON = 2000

/** A runner that goes on so long after its last test never ends. */
const NEVER = 6000

/** Tests that record nothing for so long hang. */
const HANGS = 20_000

/** What runners say of sockets, timers or threads that were left. */
const complaint =
  /open handle|did not exit|force[- ]?exit|prevents? .* from exiting|close timed out|hanging|leak|asynchronous activity|terminat\w+ (?:worker|fork)|failed to exit/i

const settings = { NODE_OPTIONS: "", NO_COLOR: "1", FORCE_COLOR: undefined, DENO_NO_UPDATE_CHECK: "1" }

/** The environment without what npm and the runner of these tests have put there. */
function environment(changes) {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|JEST|NODE_|TEST$|TINYPOOL)/.test(name))
  return { ...Object.fromEntries(own), ...settings, ...changes }
}

/** The processor time that a group of processes has used, in seconds; undefined where there is no /proc. */
function processorTime(group) {
  let ticks = 0
  let names
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  } catch {
    return undefined
  }
  for (const name of names) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "latin1").split(") ").at(-1).split(" ")
      if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12])
    } catch {
      // It has ended.
    }
  }
  return ticks / 100
}

const inWords = (busy) => (busy === undefined ? "it is not known how busy" : `at ${busy} % of a core`)

export class RunnerProcess {
  #child
  #project
  #said = ""
  #ended
  #endedAt
  status

  /** Starts a command in a project. It is the leader of a group, so that nothing that it starts is left. */
  constructor(project, [command, ...args], env = {}) {
    this.#project = project
    this.#child = spawn(command, args, {
      cwd: project.folder,
      env: environment({ OHMQ_TEST_LOG: project.log, TMPDIR: project.path("tmp"), ...env }),
      // Runners that watch end when their input does.
      stdio: ["pipe", "pipe", "pipe"],
      detached: process.platform !== "win32",
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.#said += text
      })
    }
    const exited = new Promise((resolve) => {
      this.#child.on("error", (error) => {
        this.#said += String(error)
        resolve()
      })
      this.#child.on("exit", (code, signal) => {
        this.#endedAt = Date.now()
        this.status = code ?? signal
        resolve()
      })
    })
    // What the process has started may hold its output, after its end.
    this.#ended = exited.then(() =>
      Promise.race([new Promise((resolve) => this.#child.on("close", resolve)), sleep(500)]),
    )
  }

  /** What it has printed. */
  get said() {
    return this.#said
  }

  /** What the tests have recorded: see adapters/record.js. */
  get entries() {
    const lines = readFileSync(this.#project.log, "utf8").split("\n")
    // The last one may not be whole yet.
    return lines.slice(0, -1).map((line) => JSON.parse(line))
  }

  /** The results of tests, in the order in which they ended. */
  get results() {
    return this.entries.filter(({ ended }) => ended)
  }

  #failure(what) {
    const running = this.entries.filter(({ name, ended }, index, all) => {
      return name !== undefined && !ended && !all.slice(index).some((other) => other.ended && other.name === name)
    })
    const names = running.map(({ name }) => name)
    const during = names.length > 0 ? ` (in: ${[...new Set(names)].join("; ")})` : ""
    return new Error(`${what}${during}${this.#said === "" ? "" : `\n${this.#said.slice(-3000)}`}`)
  }

  /** Waits until it has recorded `count` results. */
  async untilResults(count, limit = 30_000) {
    await this.#until(() => this.results.length >= count, `${count} results`, limit)
  }

  /** Waits until it has printed something. */
  async untilSaid(pattern, limit = 30_000) {
    await this.#until(() => pattern.test(this.#said), String(pattern), limit)
  }

  async #until(condition, what, limit) {
    const started = Date.now()
    while (!condition()) {
      if (this.#endedAt !== undefined) {
        await this.#ended
        if (condition()) return
        throw this.#failure(`ended with ${this.status} before ${what}`)
      }
      if (Date.now() - started > limit) {
        const busy = inWords(await this.busy())
        this.kill()
        throw this.#failure(`no ${what} in ${limit / 1000} s: ${busy}`)
      }
      await sleep(20)
    }
  }

  /** How busy it is, in percent of a core; undefined where that is not known. */
  async busy(period = 500) {
    const before = processorTime(this.#child.pid)
    const started = performance.now()
    await sleep(period)
    const after = processorTime(this.#child.pid)
    return before === undefined ? undefined : Math.round((100_000 * (after - before)) / (performance.now() - started))
  }

  /** Waits until it does nothing, as it should when no test runs. */
  async untilIdle(limit = 5000) {
    const started = Date.now()
    for (;;) {
      const busy = await this.busy()
      if (busy === undefined || busy < 30) return
      if (Date.now() - started > limit) {
        this.kill()
        throw this.#failure(`is not idle when no test runs: ${inWords(busy)}`)
      }
    }
  }

  signal(name) {
    this.#child.kill(name)
  }

  /** Ends its input, as a terminal that is closed does. */
  endInput() {
    this.#child.stdin.end()
  }

  /** Ends it and all that it has started. */
  kill() {
    try {
      process.kill(process.platform === "win32" ? this.#child.pid : -this.#child.pid, "SIGKILL")
    } catch {
      // Nobody is left.
    }
  }

  /** Waits for its end, which must come by itself, `SOON` after the last of `tests` at the latest. Returns how long after. */
  async end({ tests, limit = 90_000 }) {
    const started = Date.now()
    const lastTest = () => (tests === 0 ? started : statSync(this.#project.log).mtimeMs)
    while (this.#endedAt === undefined) {
      const now = Date.now()
      const isDone = this.results.length >= tests
      const silence = now - Math.max(started, lastTest())
      if (now - started > limit || silence > (isDone ? NEVER : HANGS)) {
        const busy = inWords(await this.busy())
        if (this.#endedAt !== undefined) break
        this.kill()
        await this.#ended
        throw this.#failure(isDone ? `never ends: ${busy}` : `hangs in its tests: ${busy}`)
      }
      await sleep(20)
    }
    await this.#ended
    this.kill()
    return this.#endedAt - lastTest()
  }

  /**
   * Throws unless it ends as it should: all tests passed, with this status, soon, without a word about what was left open.
   *
   * @param {{ tests: number, limit?: number, status?: number | string | (number | string)[] }} expected
   */
  async succeed({ tests, limit, status = 0 }) {
    const late = await this.end({ tests, limit })
    const failed = this.results.find(({ error }) => error !== undefined)
    if (failed !== undefined) throw this.#failure(`${failed.name}: ${failed.error}`)
    if (![status].flat().includes(this.status)) throw this.#failure(`ended with ${this.status}`)
    const { length } = this.results
    if (length !== tests) throw this.#failure(`ran ${length} tests of ${tests}`)
    const said = complaint.exec(this.#said)
    if (said !== null) throw this.#failure(`said: ${said[0]}`)
    if (late > SOON) {
      throw Object.assign(this.#failure(`ended ${Math.round(late)} ms after its last test`), { isLate: true })
    }
  }
}
