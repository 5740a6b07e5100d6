// `ohmq audit append`: lines of standard input become entries.

import { Buffer } from "node:buffer"
import process from "node:process"
import { type AuditLog, openAuditLog } from "../../audit/index.js"
import { plural } from "../terminal.js"
import { parseUsage, UsageError } from "../usage.js"
import { asUsage, required } from "./arguments.js"

/** How many lines may wait for the disk. */
const AT_ONCE = 1024
/** A line that is longer than any entry is not collected without end. */
const MAX_LINE = 1 << 20

/** The lines of a stream of bytes, as they are, without their ends. Empty lines are left out. */
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<{ line: Buffer; number: number }> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  for await (const chunk of input) {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a)) {
      number++
      if (end > 0) yield { line: bytes.subarray(0, end), number }
      bytes = bytes.subarray(end + 1)
    }
    if (bytes.length > MAX_LINE) throw new Error(`Line ${number + 1} is longer than an entry can be, 65,535 bytes`)
    rest = bytes
  }
  if (rest.length > 0) yield { line: rest, number: number + 1 }
}

/** Appends lines, and waits for the disk. */
class Appending {
  readonly #log: AuditLog
  readonly #fields: { type: string; actor?: string } | undefined
  readonly #waiting = new Set<Promise<void>>()
  #failure: Error | undefined
  count = 0
  last = -1

  constructor(log: AuditLog, fields: { type: string; actor?: string } | undefined) {
    this.#log = log
    this.#fields = fields
  }

  async add(line: Buffer, number: number): Promise<void> {
    const entry =
      this.#fields === undefined
        ? this.#log.append(line)
        : this.#log.record({ ...this.#fields, text: line.toString("utf8") })
    const work = entry
      .then(({ index }) => {
        this.count++
        this.last = Math.max(this.last, index)
      })
      .catch((error: Error) => {
        this.#failure ??= new Error(`Line ${number}: ${error.message}`)
      })
      .finally(() => this.#waiting.delete(work))
    this.#waiting.add(work)
    if (this.#waiting.size >= AT_ONCE) await Promise.race(this.#waiting)
    if (this.#failure !== undefined) throw this.#failure
  }

  async end(): Promise<void> {
    await Promise.all(this.#waiting)
    if (this.#failure !== undefined) throw this.#failure
  }
}

export async function append(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["type", "actor"])
  const folder = required(positionals, "DIR")
  if (values.actor !== undefined && values.type === undefined) throw new UsageError("--actor needs --type")
  const { type, actor } = values
  const fields = type === undefined ? undefined : { type, ...(actor !== undefined && { actor }) }
  const problem = (message: string) => process.stderr.write(`warning: ${message}\n`)
  const log = await asUsage(() => openAuditLog(folder, { onProblem: problem }))
  // Lines that were read are stored before the process ends.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.stdin.destroy())
  const appending = new Appending(log, fields)
  try {
    for await (const { line, number } of linesOf(process.stdin)) await appending.add(line, number)
    await appending.end()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") {
      await appending.end().catch(() => {})
      process.stderr.write(`${plural(appending.count, "line")} appended before this:\n`)
      throw error
    }
    await appending.end()
  } finally {
    await log.close()
  }
  const size = log.size
  process.stdout.write(
    `${folder}: ${plural(appending.count, "line")} appended${appending.count > 0 ? `, the last one as entry ${appending.last}` : ""}. The log has ${size} entries\n`,
  )
  return 0
}
