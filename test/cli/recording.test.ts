import { randomInt } from "node:crypto"
import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { CommandError } from "../../lib/cli/command/exit.js"
import { encodeHeader, headerChecksum } from "../../lib/cli/recording/layout.js"
import { RecordingReader } from "../../lib/cli/recording/reader.js"
import { RecordingWriter } from "../../lib/cli/recording/writer.js"
import { temporaryFolder } from "../support/folders.js"

/** Random numbers that a seed repeats (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) % below
  }
}

interface Result {
  messages: string[][]
  torn?: { at: number; bytes: number }
  problem?: string
}

/** Reads a file as far as possible. Fails on any error that is not for the user. */
function read(file: string): Result {
  const result: Result = { messages: [] }
  let reader: RecordingReader | undefined
  try {
    reader = new RecordingReader(file)
    for (const { messages } of reader.batches()) {
      for (const { parts } of messages) result.messages.push(parts.map((part) => part.toString("latin1")))
    }
    if (reader.torn !== undefined) result.torn = reader.torn
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    result.problem = error.message
  } finally {
    reader?.close()
  }
  return result
}

function write(file: string, messages: readonly string[][]): void {
  const writer = new RecordingWriter(file, "refuse")
  writer.begin("sub")
  for (const parts of messages) writer.add(parts.map((part) => Buffer.from(part, "latin1")))
  writer.close()
}

const newFile = () => path.join(temporaryFolder(), "a.ohmq")

describe("a recording", () => {
  it("holds messages of any number and size of parts", () => {
    const file = newFile()
    const large = "x".repeat(3_000_000)
    const messages = [
      [""],
      ["a", "", "\xff\0"],
      [large],
      ["b", large, "c"],
      Array.from({ length: 1000 }, String),
      ["end"],
    ]
    write(file, messages)
    expect(read(file)).toEqual({ messages })
  })

  it("is complete up to a record that is cut off anywhere, and tells how much is left of that", () => {
    const file = newFile()
    write(file, [["one"], ["two", "parts"]])
    const whole = readFileSync(file)
    const header = encodeHeader({ start: 0, type: "sub" }).length
    const second = header + 12 + whole.readUInt32LE(header)
    const starts = [0, header, second, whole.length]
    for (let size = whole.length - 1; size > 0; size -= 1) {
      truncateSync(file, size)
      const start = starts.findLast((one) => one <= size) as number
      const messages = size >= second ? [["one"]] : []
      expect(read(file)).toEqual({ messages, ...(start < size && { torn: { at: start, bytes: size - start } }) })
    }
    truncateSync(file, 0)
    expect(read(file).problem).toMatch(/is empty/)
  })

  it("can be continued after a record that was cut off", () => {
    const file = newFile()
    write(file, [["one"], ["two"]])
    truncateSync(file, readFileSync(file).length - 1)
    const writer = new RecordingWriter(file, "append")
    writer.begin("pull")
    writer.add([Buffer.from("three")])
    writer.close()
    expect(read(file)).toEqual({ messages: [["one"], ["three"]] })
  })

  it("is not continued if it is damaged or not a recording", () => {
    const file = newFile()
    write(file, [["one"]])
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = 0
    writeFileSync(file, bytes)
    expect(() => new RecordingWriter(file, "append")).toThrow("wrong checksum")
    writeFileSync(file, "something else")
    expect(() => new RecordingWriter(file, "append")).toThrow("is not a recording")
    expect(readFileSync(file, "utf8")).toBe("something else")
  })

  it("tells a format that is newer", () => {
    const file = newFile()
    const header = encodeHeader({ start: 0, type: "sub" })
    header.writeUInt16LE(2, 8)
    header.writeUInt32LE(headerChecksum(header), 16)
    writeFileSync(file, header)
    expect(read(file).problem).toContain("version 2 of the format, but this ohmq knows only 1")
  })

  it("notices every byte that is changed", () => {
    const file = newFile()
    const messages = [["one"], ["two", "parts"], ["x".repeat(300)]]
    write(file, messages)
    const bytes = readFileSync(file)
    for (let at = 0; at < bytes.length; at += 1) {
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] as number) ^ (1 << (at % 8))
      writeFileSync(file, copy)
      const result = read(file)
      expect(result.problem, `byte ${at}`).toBeDefined()
      expect(messages.slice(0, result.messages.length)).toEqual(result.messages)
    }
  })

  it("is read without a crash, and without a wrong message, whatever its bytes are", () => {
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
    const next = random(seed)
    const file = newFile()
    const text = () => Array.from({ length: next(40) }, () => String.fromCharCode(next(256))).join("")
    const original = Array.from({ length: 20 }, () => Array.from({ length: 1 + next(4) }, text))
    write(file, original)
    const whole = readFileSync(file)
    const known = new Set(original.map((parts) => JSON.stringify(parts)))
    for (let round = 0; round < 1000; round += 1) {
      let bytes = Buffer.from(whole)
      const kind = next(4)
      if (kind === 0) bytes = Buffer.from(Array.from({ length: next(200) }, () => next(256)))
      // After a valid header, random bytes.
      if (kind === 1)
        bytes = Buffer.concat([whole.subarray(0, 32), Buffer.from(Array.from({ length: next(200) }, () => next(256)))])
      if (kind === 2) for (let change = 1 + next(5); change > 0; change -= 1) bytes[next(bytes.length)] = next(256)
      if (kind === 3) {
        const [from, to] = [next(bytes.length), next(bytes.length)]
        bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
      }
      writeFileSync(file, bytes)
      const { messages } = read(file)
      for (const parts of messages) expect(known.has(JSON.stringify(parts)), `SEED=${seed}, round ${round}`).toBe(true)
    }
  })

  it("with a valid checksum but senseless contents is damaged", async () => {
    const { crc32 } = await import("node:zlib")
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
    const next = random(seed)
    const file = newFile()
    const header = encodeHeader({ start: 0, type: "sub" })
    for (let round = 0; round < 1000; round += 1) {
      const body = Buffer.from(Array.from({ length: next(30) }, () => (next(2) === 0 ? next(256) : next(4))))
      const start = Buffer.alloc(12)
      start.writeUInt32LE(body.length)
      start.writeUInt32LE(~body.length >>> 0, 4)
      start.writeUInt32LE(crc32(body), 8)
      writeFileSync(file, Buffer.concat([header, start, body]))
      const { messages, problem } = read(file)
      expect((messages.length === 1) !== (problem !== undefined), `SEED=${seed}, round ${round}`).toBe(true)
    }
  })
})
