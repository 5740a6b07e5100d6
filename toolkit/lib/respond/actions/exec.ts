// The action `exec`: a program with arguments, without a shell.

import { Buffer } from "node:buffer"
import { type ChildProcess, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { resolve } from "node:path"
import process from "node:process"
import { clearTimeout, setTimeout } from "node:timers"
import { z } from "zod"
import { Secret, secret, size } from "../../config/index.js"
import type { ComponentContext } from "../../relay/components.js"
import { killGroup } from "../../relay/process-group.js"
import { Guard } from "../../tasks/command/guard.js"
import { Template } from "../parameters/template.js"
import { actionKind, type Order, type Output, type Result, type Runner } from "./action.js"
import { placesCheck } from "./places.js"

/** After SIGTERM, a program has so long to end. */
const graceMs = 3000

/** After a program has ended, its output may stay open for so long. */
const lingerMs = 500

/** So much of what it prints goes into the audit log. */
const keptBytes = 4096

const user = z.strictObject({
  uid: z
    .int()
    .min(0)
    .max(2 ** 32 - 2)
    .describe("The user id."),
  gid: z
    .int()
    .min(0)
    .max(2 ** 32 - 2)
    .describe("The group id. There are no further groups."),
})

const schema = z.strictObject({
  command: z
    .array(z.string())
    .min(1)
    .describe("The program and its arguments. `{name}` stands for a parameter. There is no shell."),
  cwd: z.string().min(1).prefault(".").describe("The folder that it runs in, relative to the configuration."),
  env: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, "Expected the name of a variable"), z.union([secret(), z.string()]))
    .prefault({ PATH: "/usr/sbin:/usr/bin:/sbin:/bin" })
    .describe("Its environment, and nothing else. A value can be a secret."),
  user: user.optional().describe("Who it runs as. Only root can choose. By default, the user of the responder."),
  root: z.boolean().prefault(false).describe("Whether it may run as root."),
  output: size()
    .refine((bytes) => bytes <= 1 << 30, "Expected at most 1GiB")
    .prefault("1MiB")
    .describe("A program that prints more is ended. The audit log gets the first 4 KiB, and the hash of all."),
})
type Config = z.infer<typeof schema>

/** Who a program would run as, if that is not possible. */
function userProblem({ user, root }: Config): [PropertyKey[], string] | undefined {
  // Windows has no such users.
  const self = process.getuid?.()
  if (self === undefined) return user ? [["user"], "This system has no user ids"] : undefined
  if (user !== undefined && self !== 0 && user.uid !== self)
    return [["user"], `Only root can run a program as another user. This is user ${self}`]
  if ((user?.uid ?? self) === 0 && !root)
    return [[], "It would run as root. Give it a user, such as user: { uid: 65534, gid: 65534 }, or set root: true"]
  return undefined
}

/** Gathers what a program prints, up to a limit. */
class Printed {
  readonly #hash = createHash("sha256")
  readonly #kept: Buffer[] = []
  #bytes = 0

  add(chunk: Buffer): void {
    const room = keptBytes - this.#bytes
    if (room > 0) this.#kept.push(chunk.subarray(0, room))
    this.#bytes += chunk.length
    this.#hash.update(chunk)
  }

  get bytes(): number {
    return this.#bytes
  }

  end(): Output {
    return {
      bytes: this.#bytes,
      sha256: this.#hash.digest("hex"),
      text: Buffer.concat(this.#kept).toString("utf8"),
    }
  }
}

const argumentsOf = ({ command }: Config, parameters: Order["parameters"]): string[] =>
  command.map((text) => new Template(text).fill(parameters))

class ExecRunner implements Runner {
  readonly #config: Config
  readonly #folder: string

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#folder = folder
  }

  async start(): Promise<void> {}

  async run({ parameters }: Order, timeout: number, stopped: AbortSignal): Promise<Result> {
    const [program = "", ...args] = argumentsOf(this.#config, parameters)
    const { cwd, env, user, output } = this.#config
    stopped.throwIfAborted()
    // If the responder is killed, the program ends with it: it would be beyond its time limit. So who sees to that is there before the program.
    const guard = new Guard()
    const child = spawn(program, args, {
      cwd: resolve(this.#folder, cwd),
      env: Object.fromEntries(
        Object.entries(env).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
      ),
      // A group of its own, so that what it has started ends with it.
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
      ...user,
    })
    if (child.pid !== undefined) guard.watch(child.pid)
    const printed = new Printed()
    let why: Pick<Result, "outcome" | "reason"> | undefined
    const timers: NodeJS.Timeout[] = []
    const end = (outcome: Result["outcome"], reason: string) => {
      if (why !== undefined) return
      why = { outcome, reason }
      killGroup(child, "SIGTERM")
      timers.push(setTimeout(() => killGroup(child, "SIGKILL"), graceMs))
    }
    timers.push(setTimeout(() => end("timed out", `It did not end within ${timeout / 1000} s`), timeout))
    const abort = () => end("ambiguous", "The responder ended first")
    stopped.addEventListener("abort", abort, { once: true })
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        if (printed.bytes > output) return
        printed.add(chunk)
        if (printed.bytes > output) end("failed", `It printed more than ${output} bytes`)
      })
    try {
      const [code, signal] = await ended(child)
      const result = { ...(code !== null && { code }), output: printed.end() }
      if (why !== undefined) return { ...why, ...(why.outcome === "failed" && { isPartial: true }), ...result }
      if (code === 0) return { outcome: "done", ...result }
      return {
        outcome: "failed",
        reason: code === null ? `It was ended by ${signal}` : `It ended with ${code}`,
        ...(code === null && { isPartial: true }),
        ...result,
      }
    } finally {
      timers.forEach(clearTimeout)
      stopped.removeEventListener("abort", abort)
      if (child.pid !== undefined) guard.release(child.pid)
      await guard.close()
    }
  }

  async stop(): Promise<void> {}
}

/** How a program ended, once all it printed is read. */
function ended(child: ChildProcess): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
  return new Promise((done, fail) => {
    let timer: NodeJS.Timeout | undefined
    child.once("error", (error) =>
      fail(new Error(`Cannot run ${child.spawnfile}: ${(error as NodeJS.ErrnoException).code ?? error.message}`)),
    )
    child.once("exit", () => {
      // What it left behind in its group is beyond all limits.
      killGroup(child, "SIGKILL")
      // What has left the group may hold the output open for as long as it likes.
      timer = setTimeout(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, lingerMs)
    })
    child.once("close", (code, signal) => {
      clearTimeout(timer)
      done([code, signal])
    })
  })
}

export const execAction = actionKind<Config>({
  schema,
  check: (config, parameters, isHere) => {
    const [program = ""] = config.command
    if (new Template(program).names.length > 0) return [["command", 0], "The program itself cannot be a parameter"]
    return placesCheck(config.command, parameters) ?? (isHere ? userProblem(config) : undefined)
  },
  describe: argumentsOf,
  create: (config, context) => new ExecRunner(config, context),
})
