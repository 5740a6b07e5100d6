// A program that is started again whenever it ends, as a service manager does.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs"
import process from "node:process"
import { onTestFinished } from "vitest"
import { until } from "../../relay/support.js"

export interface Program {
  name: string
  command: string[]
  cwd: string
  env?: NodeJS.ProcessEnv
  /** Where its output goes. */
  log: string
  /** Whether it works. `said` is its output since it was started. */
  isUp: (said: () => string) => boolean | Promise<boolean>
}

/** An end that nobody wanted. */
export interface Exit {
  name: string
  time: number
  code: number | null
  signal: string | null
  /** The end of its output. */
  said: string
}

export class Service {
  readonly name: string
  readonly exits: Exit[] = []
  starts = 0
  readonly #program: Program
  #child: ChildProcess | undefined
  #isWanted = false
  #since = 0
  #failure: Error | undefined
  readonly #pauses: { from: number; to: number }[] = []
  /** Where in its log the output of this start begins. */
  #logStart = 0

  constructor(program: Program) {
    this.name = program.name
    this.#program = program
    onTestFinished(() => this.kill())
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** For how long it runs, in seconds. */
  get age(): number {
    return (Date.now() - this.#since) / 1000
  }

  /** Starts it, and resolves once it works. */
  async start(): Promise<this> {
    this.#isWanted = true
    this.#spawn()
    await this.up()
    return this
  }

  /** Resolves once it works. */
  up(): Promise<void> {
    return until(async () => {
      if (this.#failure) throw this.#failure
      return this.#child !== undefined && (await this.#program.isUp(() => this.#said))
    })
  }

  get #said(): string {
    return readFileSync(this.#program.log).subarray(this.#logStart).toString()
  }

  #spawn(): void {
    const { name, command, cwd, env, log } = this.#program
    const [file = "", ...args] = command
    const output = openSync(log, "a")
    this.#logStart = fstatSync(output).size
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", output, output] })
    closeSync(output)
    this.#child = child
    this.#since = Date.now()
    this.starts++
    child.once("error", (error) => {
      this.#failure = error
    })
    child.once("exit", (code, signal) => {
      this.#child = undefined
      if (!this.#isWanted) return
      this.exits.push({ name, time: Date.now(), code, signal, said: this.#said.slice(-600) })
      setTimeout(() => {
        if (this.#isWanted && this.#child === undefined) this.#spawn()
      }, 500)
    })
  }

  /** Lets it stand still. */
  pause(): void {
    this.#child?.kill("SIGSTOP")
    this.#pauses.push({ from: Date.now(), to: Number.POSITIVE_INFINITY })
  }

  /** Lets it go on. */
  resume(): void {
    this.#child?.kill("SIGCONT")
    const pause = this.#pauses.at(-1)
    if (pause) pause.to = Date.now()
  }

  /** When it has run for so long after a point of time, in milliseconds. While it stands still, it can do nothing. */
  ranFor(milliseconds: number, since: number): number {
    let at = since + milliseconds
    for (const { from, to } of this.#pauses) if (from < at && to > since) at += to - Math.max(from, since)
    return at
  }

  /** Ends it as a crash does. It stays away until it is started again. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL")
  }

  /** Ends it as a service manager does, and resolves to the exit code. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM")
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    this.#isWanted = false
    const child = this.#child
    if (child === undefined) return null
    const exited = once(child, "exit")
    child.kill(signal)
    const [code] = await exited
    return code as number | null
  }
}
