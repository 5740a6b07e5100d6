// `ohmq keys check`: the mode and the contents of certificate and password files.

import process from "node:process"

import { Exit, UsageError } from "../command/exit.js"
import { choice, defineVerb } from "../command/spec.js"
import { warn } from "../command/terminal.js"
import { type Finding, inspect } from "./inspection.js"

function describe({ file, kind, mode, publicKey, metadata = {}, users, exposed, problem }: Finding): string {
  const pairs = Object.entries(metadata).map(([name, value]) => `${name}=${value}`)
  const verdict = [exposed !== undefined && "exposed", problem !== undefined && "invalid"].filter(Boolean).join(", ")
  return [
    `${file}: ${kind}`,
    `mode ${mode}`,
    publicKey,
    ...pairs,
    users && `${users.length} ${users.length === 1 ? "user" : "users"}`,
    verdict || "ok",
  ]
    .filter(Boolean)
    .join(", ")
}

export const check = defineVerb({
  name: "keys check",
  summary: "Checks the mode and contents of certificate and password files",
  usage: ["FILE..."],
  about: `
Prints a line for each file. The exit code is 4 if other users can read a secret or change who may connect; else 1 if a file is
invalid, for example because its public key does not belong to its secret key.`,
  groups: [
    {
      title: "Output",
      options: { output: choice(["text", "json"], "A line of text or of JSON for each file. Default text.") },
    },
  ],
  examples: [
    {
      what: "both files of a key pair",
      command: "ohmq keys certificate a.key name=a && ohmq keys check a.key a.key_secret",
    },
  ],
  run: async ({ args, values: { output } }) => {
    if (args.length === 0) throw new UsageError("Expected FILE, but received no arguments")
    let code: number = Exit.done
    for (const file of args) {
      const finding = await inspect(file)
      process.stdout.write(`${output === "json" ? JSON.stringify(finding) : describe(finding)}\n`)
      const { exposed, problem } = finding
      for (const text of [exposed, problem]) if (text !== undefined) warn(`${file}: ${text}`)
      if (exposed !== undefined) code = Exit.refused
      else if (problem !== undefined && code === Exit.done) code = Exit.failed
    }
    return code
  },
})
