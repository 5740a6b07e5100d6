// The source `exec`: the lines that a command prints.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout } from "node:timers/promises"
import { z } from "zod"
import { duration } from "../../config/index.js"
import { type Source, type SourceContext, sourceKind } from "../components.js"
import { eventsOfLines, type Line, LineSplitter, lineOptions } from "../formats/lines.js"

const schema = z.strictObject({
  command: z
    .array(z.string())
    .min(1)
    .describe("The program and its arguments. There is no shell. It runs in the folder of the configuration."),
  ...lineOptions,
  restart: duration()
    .prefault("1s")
    .describe("How long to wait before the command is started again after it has ended."),
})
type Config = z.infer<typeof schema>

class ExecSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #stopping = new AbortController()
  #child: ChildProcess | undefined
  #running: Promise<void> | undefined

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
  }

  async start(): Promise<void> {
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#runOnce()
      } catch (error) {
        this.#context.log.error({ reason: (error as Error).message }, "The command failed")
      }
      await setTimeout(this.#config.restart, undefined, { signal }).catch(() => {})
    }
  }

  async #runOnce(): Promise<void> {
    const [program = "", ...args] = this.#config.command
    const { folder, log } = this.#context
    const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] })
    this.#child = child
    const ended = once(child, "close") as Promise<[code: number | null, signal: string | null]>
    ended.catch(() => {})
    const splitter = new LineSplitter(this.#config.maxLine)
    // What it prints waits in the pipe while events are stored.
    for await (const chunk of child.stdout) await this.#take(splitter.push(chunk))
    const rest = splitter.end()
    if (rest !== undefined) await this.#take([rest])
    const [code, signal] = await ended
    if (!this.#stopping.signal.aborted) log.warn({ code, signal }, "The command has ended and will be started again")
  }

  async #take(lines: Line[]): Promise<void> {
    const { name, refuse } = this.#context
    const events = eventsOfLines(lines, `/exec/${name}`, () => undefined, this.#config, refuse)
    if (events.length > 0) await this.#context.intake(events, { canRefuse: false, signal: this.#stopping.signal })
  }

  /** The command is asked to end, and what it prints until then is taken in. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const child = this.#child
    child?.kill("SIGTERM")
    const kill = new AbortController()
    setTimeout(5000, undefined, { signal: kill.signal, ref: false }).then(
      () => child?.kill("SIGKILL"),
      () => {},
    )
    await this.#running
    kill.abort()
  }
}

export const execSource = sourceKind<Config>({ schema, create: (config, context) => new ExecSource(config, context) })
