// What the commands read from standard input.

import { Buffer } from "node:buffer"
import process from "node:process"

import { CommandError } from "../command/exit.js"

/** All of standard input. */
export async function readInput(signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  const stop = () => process.stdin.destroy()
  signal.addEventListener("abort", stop)
  try {
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener("abort", stop)
  }
  signal.throwIfAborted()
  return Buffer.concat(chunks)
}

/** The bytes without the end of the last line. They share their memory. */
export function withoutNewline(bytes: Buffer): Buffer {
  let end = bytes.length
  if (bytes[end - 1] === 10) end -= bytes[end - 2] === 13 ? 2 : 1
  return bytes.subarray(0, end)
}

const [INTERRUPT, END, BACKSPACE, NEWLINE, RETURN, CLEAR, DELETE] = [3, 4, 8, 10, 13, 21, 127]

/** A line that is typed in a terminal, which does not show it. */
export function readHidden(prompt: string): Promise<Buffer> {
  const { stdin, stderr } = process
  stdin.setRawMode(true)
  stderr.write(prompt)
  return new Promise((resolve, reject) => {
    const typed: number[] = []
    const end = (settle: () => void) => {
      stdin.off("data", onData).setRawMode(false).pause()
      stderr.write("\n")
      settle()
    }
    const onData = (bytes: Buffer) => {
      for (const byte of bytes) {
        if (byte === RETURN || byte === NEWLINE || byte === END) return end(() => resolve(Buffer.from(typed)))
        if (byte === INTERRUPT) return end(() => reject(new CommandError("Interrupted", 130)))
        if (byte === CLEAR) typed.length = 0
        else if (byte === BACKSPACE || byte === DELETE) {
          // A whole character of UTF-8.
          while (((typed.pop() ?? 0) & 0xc0) === 0x80);
        } else typed.push(byte)
      }
    }
    stdin.on("data", onData).resume()
  })
}
