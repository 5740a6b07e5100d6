// What a verb sends: the arguments, files, or standard input.

import { Buffer, constants } from "node:buffer"
import { createReadStream, fstatSync } from "node:fs"
import { readFile } from "node:fs/promises"
import process from "node:process"
import type { Readable } from "node:stream"

import { CommandError, UsageError } from "../command/exit.js"
import { byEnd, byNetstring, bySize, byU32, type Splitter } from "./framing.js"
import { parseJsonLine } from "./json.js"
import type { InputValues } from "./options.js"
import { limited, paced } from "./pace.js"
import { compileTemplate } from "./template.js"

/** A message: one part, or several. */
export type Outgoing = string | Buffer | (string | Buffer)[]

/** Messages in groups, which are sent by one call. */
export type Source = AsyncIterable<Outgoing[]>

const GROUP = 256

/** More parts than this in a message are a mistake: each takes memory. */
const MOST_PARTS = 1_000_000

/** Whether the messages come from standard input. */
export const isFromInput = (messages: readonly string[], { file, part }: InputValues) =>
  messages.length === 0 && file === undefined && part === undefined

/** How much of a file is read at a time: a few hundred lines, which then die young. With 1 MiB, sending takes half as long again. */
const CHUNK = 32 * 1024

/** Standard input. */
function standardInput(signal: AbortSignal): Readable {
  const stats = fstatSync(0)
  if (stats.isDirectory()) throw new CommandError("Standard input is a folder. Expected a file or a pipe")
  const stream = stats.isFile() ? createReadStream("", { fd: 0, highWaterMark: CHUNK }) : process.stdin
  const stop = () => stream.destroy()
  if (signal.aborted) stop()
  signal.addEventListener("abort", stop, { once: true })
  return stream
}

async function* chunksOf(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    // Destroyed, because the command is to end.
    if (!signal.aborted) throw error
  }
}

async function* messagesOf(splitter: Splitter, signal: AbortSignal): AsyncGenerator<Buffer[]> {
  for await (const chunk of chunksOf(standardInput(signal), signal)) {
    const messages = splitter.push(chunk)
    if (messages.length > 0) yield messages
  }
  if (signal.aborted) return
  const last = splitter.end()
  if (last.length > 0) yield last
}

function splitterOf({ input = "lines", null: isNull, size }: InputValues): Splitter {
  if (size !== undefined) {
    if (size === 0) throw new UsageError("--size: expected a size of at least 1")
    return bySize(size)
  }
  if (isNull === true || input === "null") return byEnd(0)
  if (input === "netstring") return byNetstring()
  if (input === "u32") return byU32()
  return byEnd(10)
}

async function* jsonMessages(signal: AbortSignal): AsyncGenerator<Outgoing[]> {
  let line = 0
  for await (const lines of messagesOf(byEnd(10), signal)) {
    const messages: Outgoing[] = []
    for (const bytes of lines) {
      line += 1
      if (bytes.length > constants.MAX_STRING_LENGTH)
        throw new CommandError(`Line ${line} of the input is too large for JSON: it has ${bytes.length} bytes`)
      const text = bytes.toString()
      if (text.trim() !== "") messages.push(parseJsonLine(text, line))
    }
    yield messages
  }
}

/** Divides each message at a delimiter into at most so many parts. */
async function* divided(
  batches: AsyncIterable<Outgoing[]>,
  delimiter: string,
  most: number,
): AsyncGenerator<Outgoing[]> {
  const mark = Buffer.from(delimiter)
  const divide = (message: Outgoing): Outgoing => {
    if (Array.isArray(message)) return message
    const bytes = typeof message === "string" ? Buffer.from(message) : message
    const parts: Buffer[] = []
    let start = 0
    for (let at = bytes.indexOf(mark); at >= 0 && parts.length + 1 < most; at = bytes.indexOf(mark, start)) {
      parts.push(bytes.subarray(start, at))
      start = at + mark.length
      if (parts.length > MOST_PARTS)
        throw new CommandError(`A message would have more than ${MOST_PARTS} parts. Set --max-parts`)
    }
    return [...parts, bytes.subarray(start)]
  }
  for await (const batch of batches) yield batch.map(divide)
}

async function* filesOf(names: readonly string[]): AsyncGenerator<Outgoing[]> {
  for (const name of names) {
    let bytes: Buffer
    try {
      bytes = await readFile(name)
    } catch (error) {
      throw new CommandError(`Cannot read ${name}: ${(error as Error).message}`)
    }
    yield [bytes]
  }
}

/** The messages of the command line, `times` times. */
async function* literals(messages: readonly string[], { part, "no-template": isPlain }: InputValues, times: number) {
  const compile = isPlain === true ? (text: string) => () => text : compileTemplate
  const single = messages.map(compile)
  const parts = part?.map(compile)
  let number = 0
  let batch: Outgoing[] = []
  for (let time = 0; time < times; time += 1) {
    if (parts !== undefined) {
      number += 1
      batch.push(parts.map((make) => make(number)))
    }
    for (const make of single) {
      number += 1
      batch.push(make(number))
    }
    if (batch.length >= GROUP || times === Infinity) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

/**
 * The messages to send.
 * @param messages The arguments after the endpoints.
 * @param limit How many messages at most.
 * @param signal Ends the source.
 */
export function sourceOf(
  messages: readonly string[],
  values: InputValues,
  limit: number | undefined,
  signal: AbortSignal,
): Source {
  const { file, part, delimiter, rate, interval, repeat, input, null: isNull, size } = values
  const shapes = [input !== undefined, isNull === true, size !== undefined].filter(Boolean).length
  if (shapes > 1) throw new UsageError("--input, --null and --size exclude each other")
  if (rate !== undefined && interval !== undefined) throw new UsageError("--rate and --interval exclude each other")
  const origins = [messages.length > 0, file !== undefined, part !== undefined].filter(Boolean).length
  if (origins > 1) throw new UsageError("MESSAGE, --part and --file exclude each other")
  if (origins > 0 && shapes > 0) throw new UsageError("--input, --null and --size are for standard input")
  const pace = rate ?? (interval === undefined ? undefined : 1000 / Math.max(interval, 0.001))
  const isLiteral = messages.length > 0 || part !== undefined
  if (repeat !== undefined && !isLiteral) throw new UsageError("--repeat needs a MESSAGE or --part")
  let source: AsyncIterable<Outgoing[]>
  if (file !== undefined) source = filesOf(file)
  else if (isLiteral) {
    const times = repeat ?? (limit !== undefined || pace !== undefined ? Infinity : 1)
    source = literals(messages, values, times)
  } else if (input === "json") source = jsonMessages(signal)
  else source = messagesOf(splitterOf(values), signal)
  if (delimiter !== undefined) source = divided(source, delimiter, values["max-parts"] ?? Infinity)
  if (limit !== undefined) source = limited(source, limit)
  return pace === undefined ? source : paced(source, pace, signal)
}
