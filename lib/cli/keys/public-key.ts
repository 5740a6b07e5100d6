// `ohmq keys public`: the public key of a secret one.

import type { Buffer } from "node:buffer"
import { readFileSync } from "node:fs"
import process from "node:process"
import type { Certificate } from "../../security/index.js"
import { CommandError, UsageError } from "../command/exit.js"
import { systemReason } from "../command/reasons.js"
import { defineVerb, text } from "../command/spec.js"
import { readInput, withoutNewline } from "./input.js"

function readSecret(file: string | undefined, signal: AbortSignal): Promise<Buffer> | Buffer {
  if (file === undefined || file === "-") return readInput(signal)
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CommandError(`Cannot read ${file}: ${systemReason(error)}`)
  }
}

/** A certificate of a certificate file, of 40 characters of Z85, or of 32 bytes. */
async function certificateOf(contents: Buffer): Promise<Certificate> {
  const { Certificate, z85Decode } = require("../../security/index.js") as typeof import("../../security/index.js")
  const key = withoutNewline(contents)
  if (key.length === 40) return Certificate.from({ secretKey: z85Decode(key.toString("latin1")) })
  return contents.length === 32 ? Certificate.from({ secretKey: contents }) : Certificate.parse(contents)
}

export const publicKey = defineVerb({
  name: "keys public",
  summary: "Prints the public key of a secret one",
  usage: ["[FILE]"],
  about: `
FILE, or standard input, is a certificate with a secret key, or nothing but the secret key: 40 characters of Z85, or 32 bytes. There
is no argument for the key itself, because other users could see it.`,
  groups: [
    {
      title: "Output",
      options: {
        save: text("FILE", "Also write the public certificate, with the metadata, to a file.", { isFile: true }),
      },
    },
  ],
  examples: [
    {
      what: "a public certificate that was lost",
      command: "ohmq keys certificate a.key && rm a.key && ohmq keys public a.key_secret --save a.key",
    },
  ],
  run: async ({ args: [file, ...more], values: { save }, signal }) => {
    if (more.length > 0) throw new UsageError(`Expected one FILE, but also received ${JSON.stringify(more.join(" "))}`)
    const contents = await readSecret(file, signal)
    try {
      using certificate = await certificateOf(contents)
      if (save !== undefined) await certificate.savePublic(save)
      process.stdout.write(`${certificate.publicKey}\n`)
    } catch (error) {
      throw new CommandError(`${file ?? "Standard input"}: ${(error as Error).message}`)
    } finally {
      contents.fill(0)
    }
    return undefined
  },
})
