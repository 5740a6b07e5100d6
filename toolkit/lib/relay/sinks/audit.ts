// The sink `audit`: each event is an entry of an audit log, on disk before it counts as delivered.

import { Buffer } from "node:buffer"
import { hash } from "node:crypto"
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { z } from "zod"
import { viewEntries } from "../../audit/checking/entries.js"
import { AuditError, type AuditLog, createAuditLog, openAuditLog } from "../../audit/index.js"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { eventLine } from "../formats/event-lines.js"
import { storedEvent } from "../formats/stored-event.js"

const schema = z.strictObject({
  path: z.string().min(1).describe("The folder of the audit log, as `ohmq audit init` makes it."),
  name: z
    .string()
    .regex(/^[^\s+]{1,255}$/, 'Expected a name without spaces and "+", such as audit.example.com/prod')
    .optional()
    .describe("The name of the log. If the folder has no log yet, one is begun. By default, it must be there."),
})
type Config = z.infer<typeof schema>

/** The most bytes of an entry. */
const MAX_ENTRY = 65_535
/** How many entries are looked at after a start: at least the largest batch. */
const LOOK_BACK = 10_000

/**
 * What stands before an event. The event itself stays within: whoever sends one must not be able to write what the log takes for a record of its own, with
 * a time or a type that it refuses.
 */
const headOf = (received: number): string =>
  `{"type":"event.recorded","received":"${new Date(received).toISOString()}",`
const headLength = headOf(0).length

/** Only what is the same in every byte is a duplicate: an event that claims the id of another one is recorded, too. When it was received does not matter. */
const keyOf = (entry: Buffer): string => hash("sha256", entry.subarray(headLength), "binary")

/** The entry of an event: its JSON, or the SHA-256 of that with the attributes, if they fit. */
function entryOf(outgoing: Outgoing): Buffer {
  const head = headOf(outgoing.time)
  const line = eventLine(outgoing).subarray(0, -1)
  const whole = Buffer.concat([Buffer.from(`${head}"event":`), line, Buffer.from("}")])
  if (whole.length <= MAX_ENTRY) return whole
  const { data: _, ...event } = storedEvent(outgoing.frames)
  const summary = { sha256: hash("sha256", line), bytes: line.length }
  const entry = Buffer.from(head + JSON.stringify({ ...summary, event }).slice(1))
  return entry.length <= MAX_ENTRY ? entry : Buffer.from(head + JSON.stringify(summary).slice(1))
}

/** What a person must look at: trying again soon is of no use. */
const held: readonly string[] = ["SEALED", "ROLLED_BACK", "FORKED", "DAMAGED", "READ_ONLY"]

class AuditSink implements Sink {
  readonly #path: string
  readonly #name: string | undefined
  readonly #log: ComponentContext["log"]
  #audit: AuditLog | undefined
  /** Events that are in the log, but may be delivered again: the relay ended, or failed, before it noted them. */
  readonly #written = new Set<string>()

  constructor({ path, name }: Config, { folder, log }: ComponentContext) {
    this.#path = resolve(folder, path)
    this.#name = name
    this.#log = log
  }

  async start(): Promise<void> {
    try {
      await this.#open()
    } catch (error) {
      // Its events wait until there is room; the other sinks get theirs meanwhile.
      if (!(error instanceof AuditError && error.code === "DISK_FULL")) throw error
      this.#log.warn({ reason: error.message }, "The audit log cannot be opened yet")
    }
  }

  async #open(): Promise<AuditLog> {
    // `head` is what makes a folder a log.
    if (this.#name !== undefined && !existsSync(join(this.#path, "head"))) {
      const key = await createAuditLog(this.#path, { name: this.#name })
      this.#log.info({ path: this.#path, key }, "The audit log was begun")
    }
    const audit = await openAuditLog(this.#path, {
      onProblem: (reason) => this.#log.warn({ reason }, "The audit log has a problem"),
    })
    if (this.#name !== undefined && audit.origin !== this.#name) {
      await audit.close()
      throw new Error(
        `The log in ${this.#path} is named ${audit.origin}. Expected ${this.#name}, as the option "name" says`,
      )
    }
    this.#audit = audit
    for (const { entry } of viewEntries(this.#path, { keys: audit.keys, from: Math.max(0, audit.size - LOOK_BACK) }))
      this.#written.add(keyOf(entry))
    return audit
  }

  async deliver(batch: readonly Outgoing[]): Promise<Outcome[]> {
    try {
      const audit = this.#audit ?? (await this.#open())
      const entries = batch.map(entryOf)
      const results = await Promise.allSettled(entries.map((entry) => this.#append(audit, entry)))
      const failure = results.find((result) => result.status === "rejected")
      if (failure === undefined) return batch.map(() => "done")
      // What comes after a failure may be in the log, and is not written twice.
      results.forEach(({ status }, i) => {
        if (status === "fulfilled") this.#written.add(keyOf(entries[i] as Buffer))
      })
      throw failure.reason
    } catch (error) {
      const { code, message } = error as AuditError
      if (code === "FAILED") await this.stop()
      if (error instanceof AuditError && held.includes(code)) return batch.map(() => ({ retry: message, isHeld: true }))
      throw error
    }
  }

  async #append(audit: AuditLog, entry: Buffer): Promise<void> {
    if (this.#written.size > 0 && this.#written.delete(keyOf(entry))) return
    await audit.append(entry)
  }

  async stop(): Promise<void> {
    const audit = this.#audit
    this.#audit = undefined
    await audit?.close()
  }
}

export const auditSink = sinkKind<Config>({
  schema,
  claims: ({ path }) => [`the audit log ${path}`],
  create: (config, context) => new AuditSink(config, context),
})
