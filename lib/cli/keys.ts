#!/usr/bin/env node
// ohmq-keys: generates certificates and writes password files.

import { Buffer } from "node:buffer"
import process from "node:process"
import { Certificate, PasswordFile } from "../security/index.js"

const help = `Generates certificates and writes password files. Usage:

  ohmq-keys certificate FILE.key [NAME=VALUE...]
  ohmq-keys password FILE USER
  ohmq-keys COMMAND --help
`

const certificateHelp = `Generates a key pair. Usage: ohmq-keys certificate FILE.key [NAME=VALUE...]

Writes the public certificate to FILE.key and the secret one to FILE.key_secret, which only this user can read, and
prints the public key. It does not overwrite existing files.

  name=alice     the user id that an Authenticator gives to the owner of this key
  role=scanner   any other metadata
`

const passwordHelp = `Sets a user's password. Usage: ohmq-keys password FILE USER

Reads the password from standard input up to its end (from a terminal: one line), and adds a line with USER and a hash to FILE,
or replaces the line of USER. If FILE does not exist, it is created so that only this user can read it.
`

class UsageError extends Error {}

async function makeCertificate([file, ...pairs]: string[]): Promise<void> {
  if (file === undefined) throw new UsageError("Expected FILE.key, but received no arguments")
  const metadata = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf("=")
    if (equals < 1) throw new UsageError(`Expected NAME=VALUE, but received '${pair}'`)
    const name = pair.slice(0, equals)
    if (metadata.has(name)) throw new UsageError(`'${name}' is given twice`)
    metadata.set(name, pair.slice(equals + 1))
  }
  using certificate = Certificate.generate(Object.fromEntries(metadata))
  // Keeps existing keys, even a secret one whose public file was moved.
  await certificate.save(file, { overwrite: false })
  process.stdout.write(`${certificate.publicKey}\n`)
}

async function readPassword(): Promise<Buffer> {
  if (process.stdin.isTTY) process.stderr.write("Password (it will be visible): ")
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    if (process.stdin.isTTY && (chunk as Buffer).includes(10)) break
  }
  const bytes = Buffer.concat(chunks)
  let end = bytes.length
  if (bytes[end - 1] === 10) end -= bytes[end - 2] === 13 ? 2 : 1
  if (end === 0) throw new UsageError("The password is empty")
  return bytes.subarray(0, end)
}

async function setPassword([file, user, ...more]: string[]): Promise<void> {
  if (file === undefined || user === undefined)
    throw new UsageError("Expected FILE and USER, but one of them is missing")
  if (more.length > 0) throw new UsageError(`Expected FILE and USER, but also received '${more.join(" ")}'`)
  if (/[\r\n\0]/.test(user) || user === "" || user.startsWith("#"))
    throw new UsageError("Invalid user name. It must not be empty, begin with # or contain line breaks")
  await PasswordFile.setPassword(file, user, await readPassword())
}

const commands: Record<string, { run: (args: string[]) => Promise<void>; help: string }> = {
  certificate: { run: makeCertificate, help: certificateHelp },
  password: { run: setPassword, help: passwordHelp },
}

const isHelp = (argument: string) => argument === "--help" || argument === "-h"

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined) throw new UsageError("Expected a command, but received no arguments")
  if (isHelp(name)) {
    process.stdout.write(help)
    return
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) throw new UsageError(`Unknown command '${name}'`)
  if (args.some(isHelp)) {
    process.stdout.write(command.help)
    return
  }
  const option = args.find((argument) => argument.startsWith("-"))
  if (option !== undefined) throw new UsageError(`Unknown option '${option}'. If it is a file, write ./${option}`)
  await command.run(args)
}

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error: Error) => {
    process.stderr.write(`${error.message}\n${error instanceof UsageError ? "Run: ohmq-keys --help\n" : ""}`)
    process.exit(error instanceof UsageError ? 2 : 1)
  },
)
