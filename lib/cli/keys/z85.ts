// `ohmq keys z85`: Z85 (RFC 32) of bytes, and bytes of Z85.

import { Buffer } from "node:buffer"
import process from "node:process"

import { CommandError, UsageError } from "../command/exit.js"
import { defineVerb, defineVerbs, flag } from "../command/spec.js"
import { readInput, withoutNewline } from "./input.js"

function fromHex(digits: Buffer): Buffer {
  const text = digits.toString("latin1").replace(/\s/g, "")
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new CommandError("Expected pairs of hexadecimal digits")
  return Buffer.from(text, "hex")
}

async function inputOf([argument, ...more]: readonly string[], signal: AbortSignal): Promise<Buffer> {
  if (more.length > 0) throw new UsageError("Expected one argument. Quote a text that has blanks")
  return argument === undefined ? readInput(signal) : Buffer.from(argument)
}

/** Zeroes the input, which may be a secret, and says what is wrong with it. */
async function convert(input: Buffer, work: () => Promise<Uint8Array | string>): Promise<void> {
  try {
    process.stdout.write(await work())
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError((error as Error).message)
  } finally {
    input.fill(0)
  }
}

const hint = "Give secrets on standard input: other users can see arguments."

const encode = defineVerb({
  name: "keys z85 encode",
  summary: "Encodes bytes as Z85",
  usage: ["[TEXT]"],
  about: `Encodes TEXT, or all bytes of standard input; their number must be a multiple of 4. ${hint}`,
  groups: [{ title: "Input", options: { hex: flag("The input is hexadecimal digits.") } }],
  examples: [{ what: "the example of RFC 32", command: "ohmq keys z85 encode --hex 864FD26FB559F75B" }],
  run: async ({ args, values: { hex }, signal }) => {
    const input = await inputOf(args, signal)
    await convert(input, async () => {
      const { z85Encode } = require("../../security/index.js") as typeof import("../../security/index.js")
      return `${z85Encode(hex ? fromHex(input) : input)}\n`
    })
    return undefined
  },
})

const decode = defineVerb({
  name: "keys z85 decode",
  summary: "Decodes Z85 to bytes",
  usage: ["[TEXT]"],
  about: `Decodes TEXT, or standard input, and writes the bytes as they are. ${hint}`,
  groups: [{ title: "Output", options: { hex: flag("Write hexadecimal digits.") } }],
  examples: [{ what: "the example of RFC 32", command: "ohmq keys z85 decode --hex HelloWorld" }],
  run: async ({ args, values: { hex }, signal }) => {
    const input = await inputOf(args, signal)
    await convert(input, async () => {
      const { z85Decode } = require("../../security/index.js") as typeof import("../../security/index.js")
      const bytes = z85Decode(withoutNewline(input).toString("latin1"))
      return hex ? `${bytes.toString("hex")}\n` : bytes
    })
    return undefined
  },
})

export const z85 = defineVerbs({
  name: "keys z85",
  summary: "Encodes and decodes Z85, in which keys are written",
  subcommands: [encode, decode],
  examples: [],
})
