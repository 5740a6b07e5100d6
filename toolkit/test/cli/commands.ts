// Commands that run while the test goes on.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { onTestFinished } from "vitest"
import { command, env } from "../relay/support.js"

/** The environment without that of a CI system in which the tests may run. */
export const plainEnv: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(env).filter(
    ([name]) => !/^(GITHUB_|CI_|INPUT_|STATE_|RUNNER_|BUILD_|WORKSPACE|OHMQ_RELAY)/.test(name),
  ),
)

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** A command that runs. */
export class Running {
  readonly child: ChildProcess
  stdout = ""
  stderr = ""
  readonly #ended: Promise<unknown>
  #seen: (() => void)[] = []

  constructor(
    folder: string,
    args: readonly string[],
    more: NodeJS.ProcessEnv = {},
    program: readonly string[] = [command],
  ) {
    this.child = spawn(process.execPath, [...program, ...args], { cwd: folder, env: { ...plainEnv, ...more } })
    this.#ended = once(this.child, "close")
    for (const name of ["stdout", "stderr"] as const)
      this.child[name]?.setEncoding("utf8").on("data", (text: string) => {
        this[name] += text
        for (const seen of this.#seen.splice(0)) seen()
      })
    this.child.once("close", () => {
      for (const seen of this.#seen.splice(0)) seen()
    })
    onTestFinished(() => {
      this.child.kill("SIGKILL")
    })
  }

  /** Waits until standard error has a text. */
  async says(text: string): Promise<void> {
    while (!this.stderr.includes(text)) {
      if (this.child.exitCode !== null) throw new Error(`The command has ended. It said: ${this.stdout}${this.stderr}`)
      await new Promise<void>((seen) => this.#seen.push(seen))
    }
  }

  /** Waits for its end. */
  async end(): Promise<Ended> {
    await this.#ended
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr }
  }
}

/** Runs a command to its end. */
export const run = (folder: string, args: readonly string[], more?: NodeJS.ProcessEnv): Promise<Ended> =>
  new Running(folder, args, more).end()
