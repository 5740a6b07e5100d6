#!/usr/bin/env node
// ohmq-keys: makes certificates and lines of password files.

import { existsSync } from "node:fs"
import { appendFile, readFile } from "node:fs/promises"

import { Certificate, hashPassword } from "./index.js"

const help = `Makes certificates and password files. Usage:

  ohmq-keys certificate FILE.key [name=alice] [role=scanner …]
      writes FILE.key (public) and FILE.key_secret (for this user alone)
  ohmq-keys password FILE USER
      reads a password from standard input, and adds USER with its hash to FILE
  ohmq-keys --help
`

class UsageError extends Error {}

async function makeCertificate([file, ...pairs]: string[]): Promise<void> {
  if (file === undefined) throw new UsageError("No file is named")
  const metadata: Record<string, string> = {}
  for (const pair of pairs) {
    const equals = pair.indexOf("=")
    if (equals < 1) throw new UsageError(`Expected name=value, but got ${pair}`)
    metadata[pair.slice(0, equals)] = pair.slice(equals + 1)
  }
  using certificate = Certificate.generate(metadata)
  // An existing key is not to be lost, nor the secret one whose public half was taken elsewhere.
  for (const existing of [file, `${file}_secret`]) {
    if (existsSync(existing)) throw new Error(`${existing} is there already; remove it, or choose another name`)
  }
  await certificate.save(file)
  process.stdout.write(`${certificate.publicKey}\n`)
}

async function addPassword([file, user]: string[]): Promise<void> {
  if (file === undefined || user === undefined) throw new UsageError("A file and a user must be named")
  if (/[\r\n\0]/.test(user) || user === "" || user.startsWith("#")) throw new UsageError("That is no name for a user")
  if (process.stdin.isTTY) process.stderr.write("Password, which will show: ")
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    if (process.stdin.isTTY && (chunk as Buffer).includes(10)) break
  }
  const password = Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, "")
  if (password === "") throw new UsageError("The password is empty")
  const text = existsSync(file) ? await readFile(file, "latin1") : ""
  const separator = text === "" || text.endsWith("\n") ? "" : "\n"
  await appendFile(file, `${separator}${user}:${await hashPassword(password)}\n`, { mode: 0o600 })
}

async function main([command, ...args]: string[]): Promise<void> {
  if (command === "certificate") await makeCertificate(args)
  else if (command === "password") await addPassword(args)
  else if (command === "--help" || command === "-h") process.stdout.write(help)
  else throw new UsageError(command === undefined ? "No command is given" : `Unknown command '${command}'`)
}

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error: Error) => {
    process.stderr.write(`${error.message}\n${error instanceof UsageError ? "Run: ohmq-keys --help\n" : ""}`)
    process.exit(error instanceof UsageError ? 2 : 1)
  },
)
