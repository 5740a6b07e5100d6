#!/usr/bin/env node
// ohmq-keys: makes certificates and lines of password files.

import { Buffer } from "node:buffer"
import { statSync } from "node:fs"
import process from "node:process"
import { readPasswords } from "../security/access/passwords.js"
import { createFile, replaceFile } from "../security/certificates/certificate-file.js"
import { Certificate, hashPassword } from "../security/index.js"

const help = `Makes certificates and password files. Usage:

  ohmq-keys certificate FILE.key [NAME=VALUE...]
  ohmq-keys password FILE USER
  ohmq-keys COMMAND --help
`

const certificateHelp = `Makes a key pair. Usage: ohmq-keys certificate FILE.key [NAME=VALUE...]

Writes the public certificate to FILE.key and the secret one to FILE.key_secret, which this user alone can read, and
prints the public key. Files that are there are not overwritten.

  name=alice     the user id that an Authenticator gives to who has this key
  role=scanner   whatever else is to be known of them
`

const passwordHelp = `Sets a user's password. Usage: ohmq-keys password FILE USER

Reads the password from standard input, up to its end (from a terminal: one line), and adds a line with USER and a hash to FILE,
or replaces the line of USER. Where there is no FILE, it is made, for this user alone.
`

class UsageError extends Error {}

async function makeCertificate([file, ...pairs]: string[]): Promise<void> {
  if (file === undefined) throw new UsageError("No file is named")
  const metadata = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf("=")
    if (equals < 1) throw new UsageError(`Expected name=value, but got ${pair}`)
    const name = pair.slice(0, equals)
    if (metadata.has(name)) throw new UsageError(`${name} is there twice`)
    metadata.set(name, pair.slice(equals + 1))
  }
  using certificate = Certificate.generate(Object.fromEntries(metadata))
  // An existing key is not to be lost, nor the secret one whose public half was taken elsewhere.
  await certificate.save(file, { overwrite: false })
  process.stdout.write(`${certificate.publicKey}\n`)
}

async function readPassword(): Promise<Buffer> {
  if (process.stdin.isTTY) process.stderr.write("Password, which will show: ")
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
  if (file === undefined || user === undefined) throw new UsageError("A file and a user must be named")
  if (more.length > 0) throw new UsageError("A file and one user can be named")
  if (/[\r\n\0]/.test(user) || user === "" || user.startsWith("#")) throw new UsageError("That is no name for a user")
  // Whatever bytes there are stay as they are.
  let before: string | undefined
  try {
    before = (await readPasswords(file)).toString("latin1")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
  }
  const start = `${Buffer.from(user).toString("latin1")}:`
  const line = `${start}${await hashPassword(await readPassword())}`
  if (before === undefined) {
    await createFile(file, Buffer.from(`${line}\n`, "latin1"), { mode: 0o600 })
    return
  }
  const lines = before === "" ? [] : before.replace(/\n$/, "").split("\n")
  const others = lines.filter((one) => !(one.startsWith(start) && one.lastIndexOf(":") === start.length - 1))
  const { mode, uid, gid } = statSync(file)
  await replaceFile(file, Buffer.from(`${[...others, line].join("\n")}\n`, "latin1"), { mode: mode & 0o777, uid, gid })
}

const commands: Record<string, { run: (args: string[]) => Promise<void>; help: string }> = {
  certificate: { run: makeCertificate, help: certificateHelp },
  password: { run: setPassword, help: passwordHelp },
}

const isHelp = (argument: string) => argument === "--help" || argument === "-h"

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined) throw new UsageError("No command is given")
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
  if (option !== undefined) throw new UsageError(`Unknown option '${option}'. If it is a file, say ./${option}`)
  await command.run(args)
}

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error: Error) => {
    process.stderr.write(`${error.message}\n${error instanceof UsageError ? "Run: ohmq-keys --help\n" : ""}`)
    process.exit(error instanceof UsageError ? 2 : 1)
  },
)
