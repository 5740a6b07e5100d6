// `ohmq keys password`: sets or removes a user's password in a password file.

import type { Buffer } from "node:buffer"
import process from "node:process"

import { CommandError, UsageError } from "../command/exit.js"
import { defineVerb, flag } from "../command/spec.js"
import { say } from "../command/terminal.js"
import { readHidden, readInput, withoutNewline } from "./input.js"

async function readPassword(signal: AbortSignal): Promise<Buffer> {
  if (!process.stdin.isTTY) return withoutNewline(await readInput(signal))
  const password = await readHidden("Password: ")
  if (password.length > 0 && !password.equals(await readHidden("The same again: ")))
    throw new CommandError("The two passwords differ")
  return password
}

export const password = defineVerb({
  name: "keys password",
  summary: "Sets or removes a user's password in a password file",
  usage: ["FILE USER", "--remove FILE USER"],
  about: `
Reads the password from standard input up to its end, or from a terminal, which does not show it. Adds a line with USER and a hash
(scrypt) to FILE, or replaces the line of USER. If FILE does not exist, it is created so that only this user can read it.

Whoever has the file open, such as an Authenticator or a verb with --passwords, notices the change.`,
  groups: [{ title: "Users", options: { remove: flag("Remove the user from the file instead.") } }],
  examples: [
    { what: "a user with a password", command: "printf secret | ohmq keys password users.txt alice" },
    {
      what: "and without",
      command: "printf secret | ohmq keys password users.txt alice && ohmq keys password --remove users.txt alice",
    },
  ],
  run: async ({ args: [file, user, ...more], values: { remove }, signal }) => {
    if (file === undefined || user === undefined)
      throw new UsageError("Expected FILE and USER, but one of them is missing")
    if (more.length > 0)
      throw new UsageError(`Expected FILE and USER, but also received ${JSON.stringify(more.join(" "))}`)
    if (/[\r\n\0]/.test(user) || user === "" || user.startsWith("#"))
      throw new UsageError("Invalid user name. It must not be empty, begin with # or contain line breaks")
    const { PasswordFile } = require("../../security/index.js") as typeof import("../../security/index.js")
    if (remove) {
      if (!(await PasswordFile.removeUser(file, user)))
        throw new CommandError(`${file} has no user ${JSON.stringify(user)}`)
      say(`removed ${user} from ${file}`)
      return undefined
    }
    const password = await readPassword(signal)
    if (password.length === 0) throw new UsageError("The password is empty")
    await PasswordFile.setPassword(file, user, password)
    password.fill(0)
    return undefined
  },
})
