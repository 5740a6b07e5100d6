// The example devsecops as the tests run it: on folders of their own, by its command line.

import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import { expect, onTestFinished } from "vitest"

import { type Outcome, root, runCommand } from "../support/process.js"

export const example = path.join(root, "examples/devsecops")
export const main = path.join(example, "start.mjs")
export const ohmq = path.join(root, "dist/cli/main.js")

export interface Run {
  tool: { driver: { name: string; version: string; rules: { id: string; shortDescription: { text: string } }[] } }
  artifacts: { location: { uri: string } }[]
  originalUriBaseIds: Record<string, { uri: string }>
  results: {
    ruleId: string
    ruleIndex: number
    level: string
    message: { text: string }
    locations: {
      physicalLocation: {
        artifactLocation: { uri: string; uriBaseId: string; index: number }
        region?: { startLine: number; startColumn: number; endLine: number; endColumn: number }
      }
    }[]
  }[]
}

export function write(folder: string, files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/** A folder with a name that needs quotes and escapes, for whoever asks to remove. */
export function temporary() {
  return realpathSync(mkdtempSync(path.join(tmpdir(), "ohmq devsecops ü ")))
}

export function outputFile() {
  const folder = temporary()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, "report.sarif")
}

export const runOf = (file: string): Run => JSON.parse(readFileSync(file, "utf8")).runs[0]
export const uris = (run: Run) => run.artifacts.map((artifact) => artifact.location.uri)

/** Long enough for a machine that does much else. */
export const PATIENCE = 240_000

export function scan(
  target: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  return runCommand(process.execPath, [main, target, ...args], { timeout: PATIENCE, ...options })
}

export interface Child {
  pid: number
  args: string
}

/** The processes that a process has started, directly or not, and that still run. */
export function descendantsOf(pid: number): Child[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n")
  const all = lines.flatMap((line) => {
    const [, child, parent, state, args] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    return state === undefined || state.startsWith("Z")
      ? []
      : [{ pid: Number(child), parent: Number(parent), args: args as string }]
  })
  const below = (parent: number): Child[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)])
  return below(pid)
}

/** What tells the processes of the pipeline from each other. */
const tools = {
  analytics: "analytics.mjs",
  hub: "hub/relay.yaml",
  edge: "edge/relay.yaml",
  queue: " tasks serve ",
  worker: " tasks work ",
  scanner: "scan.mjs",
}

/** The processes of a run that are a tool. The arguments of a worker have those of its scanner, too. */
export function toolsOf(pid: number, name: keyof typeof tools): Child[] {
  return descendantsOf(pid).filter(
    ({ args }) => args.includes(tools[name]) && (name !== "scanner" || !args.includes(tools.worker)),
  )
}

/** Whether a process runs; one that has ended and that nobody has asked for its status does not. */
export function runs(pid: number): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", `${pid}`], { encoding: "utf8" }).startsWith("Z")
  } catch {
    return false
  }
}

export function kill(pid: number | undefined, signal: NodeJS.Signals = "SIGKILL") {
  try {
    if (pid !== undefined) process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

/** A run that goes on while the test does something, with a temporary folder of its own. */
export class Started {
  readonly child: ChildProcess
  readonly pid: number
  /** The temporary folder of the run. */
  readonly folder = temporary()
  readonly output = path.join(this.folder, "report.sarif")
  readonly tmp = path.join(this.folder, "tmp")
  readonly ended: Promise<number | string>
  stdout = ""
  stderr = ""

  constructor(target: string, ...args: string[]) {
    mkdirSync(this.tmp)
    this.child = spawn(process.execPath, [main, target, "--output", this.output, ...args], {
      env: { ...process.env, NODE_OPTIONS: "", TMPDIR: this.tmp },
      stdio: ["ignore", "pipe", "pipe"],
    })
    this.pid = this.child.pid as number
    for (const name of ["stdout", "stderr"] as const) {
      this.child[name]?.setEncoding("utf8").on("data", (text: string) => {
        this[name] += text
      })
    }
    this.ended = once(this.child, "close").then(([status, signal]) => (status ?? signal) as number | string)
    onTestFinished(async () => {
      const left = descendantsOf(this.pid)
      for (const { pid } of [{ pid: this.pid }, ...left]) kill(pid)
      await this.ended
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 })
    })
  }

  /** Waits until something is so, or the run has ended. */
  async until(what: () => boolean) {
    let isOver = false
    this.ended.then(() => {
      isOver = true
    })
    while (!what() && !isOver) await sleep(50)
    if (!what()) throw new Error(`The run has ended: ${this.stdout}${this.stderr}`)
  }

  /** Waits for the end, which must have this status. */
  async ends(status: number) {
    // All in one text, so that a failure shows what it said.
    expect(`${await this.ended}: ${this.stderr}`).toMatch(new RegExp(`^${status}: `))
  }

  said(text: string) {
    return this.until(() => this.stdout.includes(text) || this.stderr.includes(text))
  }
}

/** Waits until none of these processes runs. */
export async function expectGone(pids: number[]) {
  await expect.poll(() => pids.filter(runs), { timeout: 60_000 }).toEqual([])
}
