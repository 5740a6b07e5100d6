// The sink `exec`: a command that reads events as lines of JSON.

import { Buffer } from "node:buffer"
import { spawn } from "node:child_process"
import process from "node:process"
import { clearTimeout, setTimeout } from "node:timers"
import { z } from "zod"
import { duration } from "../../config/index.js"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { eventLine } from "../formats/event-lines.js"
import { killGroup } from "../process-group.js"

const schema = z.strictObject({
  command: z
    .array(z.string())
    .min(1)
    .describe("The program and its arguments. There is no shell. It runs in the folder of the configuration."),
  timeout: duration()
    .prefault("60s")
    .describe("How long it may take. Then it is killed, with the processes it started."),
})
type Config = z.infer<typeof schema>

/** `EX_DATAERR` of sysexits.h: the input was wrong, and will be wrong the next time. */
const dataError = 65

/** How much of what it prints on standard error goes into the reason. */
const maxReason = 500

interface Ended {
  code: number | null
  reason: string
}

class ExecSink implements Sink {
  readonly #config: Config
  readonly #folder: string

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#folder = folder
  }

  async start(): Promise<void> {}

  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    const { code, reason } = await this.#run(batch, signal)
    if (code === 0) return batch.map(() => "done")
    if (code !== dataError) return batch.map(() => ({ retry: reason }))
    if (batch.length === 1) return [{ refused: reason }]
    // One of them is wrong. Each alone tells which.
    const outcomes: Outcome[] = []
    for (const outgoing of batch) outcomes.push(...(await this.deliver([outgoing], signal)))
    return outcomes
  }

  #run(batch: readonly Outgoing[], signal: AbortSignal): Promise<Ended> {
    const [program = "", ...args] = this.#config.command
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      // A group of its own, so that what it has started ends with it.
      const child = spawn(program, args, {
        cwd: this.#folder,
        detached: process.platform !== "win32",
        stdio: ["pipe", "ignore", "pipe"],
      })
      let said = ""
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        killGroup(child, "SIGKILL")
      }, this.#config.timeout)
      const abort = () => killGroup(child, "SIGKILL")
      signal.addEventListener("abort", abort, { once: true })
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-maxReason)
      })
      // It may end before it has read everything. Its exit code says what that means.
      child.stdin.on("error", () => {})
      child.stdin.end(Buffer.concat(batch.map(eventLine)))
      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener("abort", abort)
      }
      child.once("error", (error) => {
        settle()
        reject(new Error(`Cannot run ${program}: ${(error as NodeJS.ErrnoException).code ?? error.message}`))
      })
      child.once("close", (code, killed) => {
        settle()
        const how = isLate
          ? `did not end within ${this.#config.timeout / 1000} s`
          : code === null
            ? `was killed by ${killed}`
            : `ended with ${code}`
        resolve({ code, reason: `The command ${how}${said.trim() === "" ? "" : `: ${said.trim()}`}` })
      })
    })
  }

  async stop(): Promise<void> {}
}

export const execSink = sinkKind<Config>({ schema, create: (config, context) => new ExecSink(config, context) })
