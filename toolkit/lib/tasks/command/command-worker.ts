// A worker whose handler is a command.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { checkMembers, TaskError } from "../queue/index.js"
import { checkOption } from "../server/options.js"
import { AbortReason, type Job } from "../worker/job.js"
import { TaskFailure } from "../worker/task-failure.js"
import { Worker, type WorkerOptions } from "../worker/worker.js"
import { Guard } from "./guard.js"
import { type Ended, runGroup } from "./process-group.js"
import { sarifIn, sarifOf } from "./sarif-result.js"
import { expandText, Template, textOf } from "./template.js"

/** Options of {@link startCommandWorker}. Sizes are in bytes, times in milliseconds. */
export interface CommandWorkerOptions extends Omit<WorkerOptions, "handler"> {
  /**
   * The command and its arguments. In an argument, `{}` is the input, `{name}` the field `name` of an input that is an object, `{dir}` a
   * folder of the attempt, which is removed at its end, and `{id}` the id of the task, also if the input has fields `dir` or `id`. There is
   * no shell.
   */
  command: readonly string[]
  /** How long an attempt may take, if its task does not say less. No limit by default. */
  timeout?: number | undefined
  /** How much of each of standard output and standard error is kept. 131,072 by default. */
  maxOutput?: number | undefined
  /** The exit codes that mean success. 0 by default. */
  okCodes?: readonly number[] | undefined
  /** A file that the command writes, such as "{dir}/out.sarif": a SARIF log. By default, standard output is one if it looks like one. */
  sarif?: string | undefined
  /** Whether the command reads the input from standard input. False by default. */
  stdin?: boolean | undefined
  /** Whether an input that begins with "-" may stand where the command could take it for an option. False by default. */
  allowOptions?: boolean | undefined
  /** How long a command has between SIGTERM and SIGKILL. 5,000 by default. */
  grace?: number | undefined
}

/** The result of a task of a command. */
export interface CommandResult {
  /** Null if a signal ended it. */
  exitCode: number | null
  /** The signal that ended it, such as `SIGTERM`. */
  signal?: NodeJS.Signals
  /** What it wrote to standard output, unless that is the SARIF log. */
  output?: string
  /** What it wrote to standard error. */
  stderr?: string
  /** Whether some of the output is missing, because it was longer than the limit. */
  truncated?: true
  /** How long it took, in milliseconds. */
  duration: number
  /** The SARIF log that it wrote. */
  sarif?: object
}

const own = ["command", "timeout", "maxOutput", "okCodes", "sarif", "stdin", "allowOptions", "grace"]

/** More than the queue takes by default: it says what its limit is. */
const MAX_SARIF = 64 << 20

interface Settings {
  template: Template
  guard: Guard
  folder: string
  options: CommandWorkerOptions
  timeout: number
  maxOutput: number
  grace: number
  okCodes: readonly number[]
}

/** A worker of a command. {@link startCommandWorker} makes one. */
export class CommandWorker extends Worker {
  readonly #guard: Guard

  /** @internal */
  constructor(options: WorkerOptions, guard: Guard) {
    super(options)
    this.#guard = guard
  }

  override async close(drain?: number): Promise<void> {
    await super.close(drain)
    await this.#guard.close()
  }
}

/**
 * Starts a worker that runs a command for each task, in a process group of its own, which ends with the command, and with the worker.
 *
 * ```typescript
 * const worker = startCommandWorker({ connect: "tcp://127.0.0.1:5580", concurrency: 4, command: ["nikto", "-h", "{}"] })
 * ```
 *
 * @throws TaskError `INVALID`
 */
export function startCommandWorker(options: CommandWorkerOptions): CommandWorker {
  if (process.platform === "win32")
    throw new TaskError(
      "INVALID",
      "Windows has no process groups: a command worker cannot end what a command has started",
    )
  const { command, timeout, maxOutput, okCodes = [0], sarif, stdin, allowOptions, grace, ...worker } = options
  checkMembers("the command worker", options, [
    ...own,
    "connect",
    "security",
    "insecure",
    "heartbeat",
    "queue",
    "concurrency",
    "name",
  ])
  const template = new Template(command, allowOptions)
  if (!template.hasInput && !stdin)
    throw new TaskError(
      "INVALID",
      `No argument of ${template.command} has the input. Write {} where it belongs, or pass it on standard input`,
    )
  if (!okCodes.every((code) => Number.isInteger(code) && code >= 0 && code <= 255) || okCodes.length === 0)
    throw new TaskError("INVALID", "Expected okCodes to be exit codes from 0 to 255, at least one")
  const settings = {
    template,
    options,
    okCodes,
    timeout: checkOption("timeout", timeout ?? 0, 0),
    maxOutput: checkOption("maxOutput", maxOutput ?? 128 << 10, 0),
    grace: checkOption("grace", grace ?? 5000, 0),
  }
  const folder = mkdtempSync(join(tmpdir(), "ohmq-tasks-"))
  const guard = new Guard(folder)
  try {
    return new CommandWorker({ ...worker, handler: (job) => run(job, { ...settings, folder, guard }) }, guard)
  } catch (error) {
    void guard.close()
    throw error
  }
}

async function run(job: Job, settings: Settings): Promise<CommandResult> {
  const { template, folder, options } = settings
  const dir = join(folder, String(job.lease))
  mkdirSync(dir)
  try {
    const values = { input: job.input, id: job.id, dir }
    const args = template.expand(values)
    const sarif = options.sarif === undefined ? undefined : expandText(options.sarif, values)
    const started = performance.now()
    const ended = await runCommand(job, args, dir, settings)
    return outcome(ended, sarif, Math.round(performance.now() - started), settings)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function runCommand(job: Job, args: string[], dir: string, settings: Settings): Promise<Ended> {
  const { guard, options, timeout, maxOutput, grace } = settings
  const late = new AbortController()
  const timer =
    timeout > 0
      ? setTimeout(
          () => late.abort(new AbortReason("timeout", `It took longer than ${timeout} ms`)),
          Math.min(timeout, 0x7fff_ffff),
        )
      : undefined
  const signal = AbortSignal.any([job.signal, late.signal])
  try {
    const env = {
      ...process.env,
      OHMQ_TASK_ID: job.id,
      OHMQ_TASK_QUEUE: job.queue,
      OHMQ_TASK_ATTEMPT: String(job.attempt),
      OHMQ_TASK_DIR: dir,
    }
    const stdin = options.stdin ? textOf(job.input) : ""
    // Another worker may have the task already.
    const endsAtOnce = (reason: unknown) => (reason as AbortReason).cause === "lost"
    const ended = await runGroup({ args, env, stdin, maxOutput, grace, guard, signal, endsAtOnce })
    // It may have ended by itself just then. Its result is as good as any.
    if (signal.aborted && ended.exitCode !== 0) throw signal.reason
    return ended
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code === undefined || path === undefined) throw error
    throw new TaskFailure(`Cannot start ${path}: ${code}. Is it installed on this worker, and may it be run?`)
  } finally {
    clearTimeout(timer)
  }
}

function outcome(ended: Ended, sarif: string | undefined, duration: number, settings: Settings): CommandResult {
  const { exitCode, signal, stdout, stderr } = ended
  const { template, okCodes } = settings
  const isOk = exitCode !== null && okCodes.includes(exitCode)
  const output = stdout.text
  const found =
    sarif === undefined
      ? stdout.isTruncated
        ? undefined
        : sarifIn(output)
      : isOk
        ? sarifOf(sarif, MAX_SARIF)
        : undefined
  const result: CommandResult = {
    exitCode,
    ...(signal && { signal }),
    ...((found === undefined || sarif !== undefined) && { output }),
    ...(stderr.text !== "" && { stderr: stderr.text }),
    ...((stdout.isTruncated || stderr.isTruncated) && { truncated: true as const }),
    duration,
    ...(found && { sarif: found }),
  }
  if (isOk) return result
  const how = exitCode === null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`
  const last = stderr.text.trim().split("\n").at(-1)?.slice(0, 200)
  throw new TaskFailure(`${template.command} ${how}${last ? `: ${last}` : ""}`, { result })
}
