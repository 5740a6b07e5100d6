// Runs the `ohmq` command: to its end, beside a test, or in a terminal.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { chmodSync, writeFileSync } from "node:fs"
import path from "node:path"
import { onTestFinished } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root } from "../support/process.js"

const main = path.join(root, "dist/cli/main.js")

interface Options {
  /** Standard input; without it, there is none. */
  input?: string | Uint8Array
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Milliseconds until it is killed. Default 15,000. */
  timeout?: number
}

/** How a command ended. `stdout` as text; `bytes` as it came. */
export interface Outcome {
  status: number | string
  stdout: string
  stderr: string
  bytes: Buffer
}

/** No profile and no colour of the user's. */
const environment = (more: NodeJS.ProcessEnv = {}) => ({
  ...process.env,
  NODE_OPTIONS: "",
  XDG_CONFIG_HOME: path.join(temporaryFolder(), "config"),
  OHMQ_PROFILE: "",
  ...more,
})

/** A command that runs beside the test. It is killed when the test ends. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Outcome>
  readonly #out: Buffer[] = []
  #err = ""
  readonly #watchers = new Set<() => void>()

  constructor(command: string, args: readonly string[], { env, cwd, timeout = 15_000 }: Options = {}) {
    // A process group of its own, which ends as a whole: a shell's children would live on.
    this.child = spawn(command, args, { env: environment(env), cwd: cwd ?? root, detached: true })
    const timer = setTimeout(() => this.#kill(), timeout)
    this.child.stdin.on("error", () => {})
    this.child.stdout.on("data", (chunk: Buffer) => {
      this.#out.push(chunk)
      this.#look()
    })
    this.child.stderr.on("data", (chunk: Buffer) => {
      this.#err += chunk
      this.#look()
    })
    this.ended = new Promise((resolve, reject) => {
      this.child.on("error", reject)
      this.child.on("close", (code, signal) => {
        clearTimeout(timer)
        const bytes = Buffer.concat(this.#out)
        resolve({ status: code ?? signal ?? "?", stdout: bytes.toString(), stderr: this.#err, bytes })
        this.#look()
      })
    })
    onTestFinished(() => this.#kill())
  }

  #kill(): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, "SIGKILL")
    } catch {
      // All have ended.
    }
  }

  get stdout(): string {
    return Buffer.concat(this.#out).toString()
  }

  get stderr(): string {
    return this.#err
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher()
  }

  /** Waits until its output matches, and gives the match. Fails if it ends before. */
  async until(pattern: RegExp, stream: "stdout" | "stderr" = "stderr"): Promise<RegExpExecArray> {
    let ended: Outcome | undefined
    void this.ended.then((outcome) => {
      ended = outcome
    })
    for (;;) {
      const match = pattern.exec(this[stream])
      if (match !== null) return match
      if (ended !== undefined)
        throw new Error(`Ended (${ended.status}) without ${pattern}: ${ended.stdout}${ended.stderr}`)
      await new Promise<void>((resolve) => {
        const watcher = () => {
          this.#watchers.delete(watcher)
          resolve()
        }
        this.#watchers.add(watcher)
        void this.ended.then(watcher)
      })
    }
  }

  /** The endpoint that it has bound: it says so on standard error if the endpoint has a "*". */
  async endpoint(): Promise<string> {
    return (await this.until(/bound to (\S+)/))[1] as string
  }
}

/** Starts `ohmq`. */
export const start = (args: readonly string[], options?: Options) =>
  new Running(process.execPath, [main, ...args], options)

/** Runs `ohmq` to its end. */
export function ohmq(args: readonly string[], options: Options = {}): Promise<Outcome> {
  const running = start(args, options)
  running.child.stdin.end(options.input)
  return running.ended
}

/** A folder with `ohmq` as a program, for PATH. */
function programs(): string {
  const folder = temporaryFolder()
  const file = path.join(folder, "ohmq")
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`)
  chmodSync(file, 0o755)
  return folder
}

/** Starts a shell command in which `ohmq` is the command of this project. */
export function startShell(line: string, options: Options = {}): Running {
  const PATH = `${programs()}:${options.env?.PATH ?? process.env.PATH}`
  // Node's pipes look like a network connection to bash, which may then read the user's ~/.bashrc.
  return new Running("bash", ["--norc", "-c", line], { ...options, env: { ...options.env, PATH } })
}

/** Runs a shell command to its end. */
export function shell(line: string, options: Options = {}): Promise<Outcome> {
  const running = startShell(line, options)
  running.child.stdin.end(options.input)
  return running.ended
}

/** Starts `ohmq` in a terminal of its own (by script(1)); what is written to its stdin is typed there, and stderr is in `stdout`. */
export function startInTerminal(args: readonly string[], options: Options = {}): Running {
  const quoted = [process.execPath, main, ...args].map((argument) => `'${argument.replaceAll("'", "'\\''")}'`).join(" ")
  return new Running("script", ["-qefc", quoted, "/dev/null"], { ...options, env: { TERM: "xterm", ...options.env } })
}
