// The source `sarif`: the findings in the reports of scanners, each once.

import { readdir, readFile, stat } from "node:fs/promises"
import { join, resolve } from "node:path"
import { setTimeout } from "node:timers/promises"
import { z } from "zod"
import { duration, size } from "../../config/index.js"
import { encode, fromSarif } from "../../events/index.js"
import { type Incoming, type Source, type SourceContext, sourceKind } from "../components.js"
import { readNote, saveNote } from "../notes.js"

const schema = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe("A report, or a folder of reports: files that end with `.sarif` or `.sarif.json`. It may be made later."),
  root: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The folder that was scanned. Locations below it become relative, so that findings are the same wherever it is.",
    ),
  every: duration()
    .refine((milliseconds) => milliseconds >= 100, "Expected at least 100ms")
    .prefault("2s")
    .describe("How often to look for new reports. A report is read when it has not changed in between."),
  maxBytes: size().prefault("64MiB").describe("A larger report is refused, and counted."),
})
type Config = z.infer<typeof schema>

/** A report as it was read last. */
interface Report {
  size: number
  mtime: number
  /** The ids of its findings. */
  ids: string[]
}

type Reports = Record<string, Report>

/** So many findings are stored at a time. */
const batch = 500

const unlimited = { bytes: Number.POSITIVE_INFINITY, levels: Number.POSITIVE_INFINITY }

class SarifSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #path: string
  readonly #note: string
  readonly #stopping = new AbortController()
  #reports: Reports = {}
  /** Reports that have changed, as they were when that was seen. */
  readonly #changed = new Map<string, string>()
  #running: Promise<void> | undefined

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#path = resolve(context.folder, config.path)
    this.#note = join(context.state, `${context.name}.json`)
  }

  async start(): Promise<void> {
    this.#reports = (await readNote<Reports>(this.#note)) ?? {}
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#look()
      } catch (error) {
        if (!signal.aborted) this.#context.log.error({ reason: (error as Error).message }, "Reports could not be read")
      }
      await setTimeout(this.#config.every, undefined, { signal }).catch(() => {})
    }
  }

  /** Reads the reports that are complete: a scanner may still be writing. */
  async #look(): Promise<void> {
    const paths = await this.#paths()
    for (const path of paths) {
      this.#stopping.signal.throwIfAborted()
      const found = await stat(path).catch(() => undefined)
      if (found === undefined) continue
      const { size, mtimeMs: mtime } = found
      const before = this.#reports[path]
      if (before?.size === size && before.mtime === mtime) continue
      const state = `${size} ${mtime}`
      const isComplete = this.#changed.get(path) === state
      this.#changed.set(path, state)
      if (isComplete) await this.#read(path, { size, mtime })
    }
    for (const path of this.#changed.keys()) if (!paths.includes(path)) this.#changed.delete(path)
  }

  async #paths(): Promise<string[]> {
    try {
      if (!(await stat(this.#path)).isDirectory()) return [this.#path]
      const names = await readdir(this.#path)
      return names
        .filter((name) => /\.sarif(\.json)?$/.test(name))
        .toSorted()
        .map((name) => join(this.#path, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
      throw error
    }
  }

  async #read(path: string, { size, mtime }: Omit<Report, "ids">): Promise<void> {
    const { intake, refuse, log } = this.#context
    // A report that cannot be read is refused once, until it changes.
    const before = this.#reports[path]?.ids ?? []
    const findings = size > this.#config.maxBytes ? "too-large" : await this.#findings(path)
    if (typeof findings === "string") {
      refuse(findings, { path })
      await this.#keep(path, { size, mtime, ids: before })
      return
    }
    const known = new Set(Object.values(this.#reports).flatMap(({ ids }) => ids))
    const fresh = findings.filter(({ event }) => !known.has(event.id))
    for (let i = 0; i < fresh.length; i += batch)
      await intake(fresh.slice(i, i + batch), { canRefuse: false, signal: this.#stopping.signal })
    await this.#keep(path, { size, mtime, ids: findings.map(({ event }) => event.id) })
    log.info({ path, findings: findings.length, new: fresh.length }, "A report was read")
  }

  async #findings(path: string): Promise<Incoming[] | string> {
    const { root } = this.#config
    try {
      const log: unknown = JSON.parse(await readFile(path, "utf8"))
      const events = fromSarif(log as never, root === undefined ? {} : { root })
      return events.map((event) => ({ event, frames: encode(event, unlimited) }))
    } catch (error) {
      this.#context.log.warn({ path, reason: (error as Error).message }, "This is not a report in SARIF 2.1.0")
      return "not-sarif"
    }
  }

  /** Of reports that are gone, the findings are forgotten when another report has been read: a finding that comes back is new. */
  async #keep(path: string, report: Report): Promise<void> {
    const reports = { ...this.#reports, [path]: report }
    const paths = await this.#paths()
    this.#reports = Object.fromEntries(Object.entries(reports).filter(([one]) => paths.includes(one)))
    await saveNote(this.#note, this.#reports)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }
}

export const sarifSource = sourceKind<Config>({ schema, create: (config, context) => new SarifSource(config, context) })
