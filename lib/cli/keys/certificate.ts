// `ohmq keys certificate`: generates a key pair.

import process from "node:process"

import { CommandError, UsageError } from "../command/exit.js"
import { defineVerb } from "../command/spec.js"

function metadataOf(pairs: readonly string[]): Record<string, string> {
  const metadata = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf("=")
    if (equals < 1) throw new UsageError(`Expected NAME=VALUE, but received ${JSON.stringify(pair)}`)
    const name = pair.slice(0, equals)
    if (metadata.has(name)) throw new UsageError(`${JSON.stringify(name)} is given twice`)
    metadata.set(name, pair.slice(equals + 1))
  }
  return Object.fromEntries(metadata)
}

export const certificate = defineVerb({
  name: "keys certificate",
  summary: "Generates a key pair, and prints the public key",
  usage: ["FILE.key [NAME=VALUE...]"],
  about: `
Writes the public certificate to FILE.key and the secret one to FILE.key_secret, which only this user can read. It does not
overwrite existing files.

name=alice is the user id that an Authenticator gives to the owner of this key. Any other pair, such as role=scanner, is metadata
that programs can read.`,
  groups: [],
  examples: [{ what: "a key pair for a server", command: "ohmq keys certificate server.key name=server" }],
  run: async ({ args: [file, ...pairs] }) => {
    if (file === undefined) throw new UsageError("Expected FILE.key, but received no arguments")
    const metadata = metadataOf(pairs)
    const { Certificate } = require("../../security/index.js") as typeof import("../../security/index.js")
    try {
      using certificate = Certificate.generate(metadata)
      // Keeps existing keys, even a secret one whose public file was moved.
      await certificate.save(file, { overwrite: false })
      process.stdout.write(`${certificate.publicKey}\n`)
    } catch (error) {
      throw new CommandError((error as Error).message)
    }
    return undefined
  },
})
