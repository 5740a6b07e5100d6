// `ohmq keys list`: the certificates in a folder.

import { readdirSync, statSync } from "node:fs"
import path from "node:path"
import process from "node:process"

import { CommandError, UsageError } from "../command/exit.js"
import { systemReason } from "../command/reasons.js"
import { choice, defineVerb } from "../command/spec.js"
import { warn } from "../command/terminal.js"
import { type Finding, inspect } from "./inspection.js"

function filesOf(folder: string): string[] {
  try {
    if (process.platform !== "win32" && (statSync(folder).mode & 0o022) !== 0)
      warn(`${folder}: other users can change it, so an Authenticator refuses it; run: chmod go-w ${folder}`)
    const names = readdirSync(folder).filter((name) => /^[^.].*\.key(_secret)?$/.test(name))
    return names.sort().map((name) => path.join(folder, name))
  } catch (error) {
    throw new CommandError(`Cannot read ${folder}: ${systemReason(error)}`)
  }
}

const rowOf = ({ file, kind, publicKey = "", metadata = {} }: Finding) => {
  const { name = path.basename(file).replace(/\.key(_secret)?$/, "") } = metadata
  return [publicKey, kind === "secret certificate" ? "secret" : "public", name, path.basename(file)]
}

/** Rows with aligned columns. */
function table(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? "").length))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(width(column)))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("")
}

export const list = defineVerb({
  name: "keys list",
  summary: "Lists the certificates in a folder",
  usage: ["DIR"],
  about: `
Prints the public key, whether the file has the secret key too, the name and the file of each certificate. Warns about files that are
invalid or that others can read or change.`,
  groups: [
    {
      title: "Output",
      options: { output: choice(["text", "json"], "A table, or a line of JSON for each file. Default text.") },
    },
  ],
  examples: [
    {
      what: "the clients of a server",
      command: "mkdir -p clients && ohmq keys certificate clients/alice.key && ohmq keys list clients",
    },
  ],
  run: async ({ args: [folder, ...more], values: { output } }) => {
    if (folder === undefined || more.length > 0)
      throw new UsageError(`Expected one DIR, but received ${folder === undefined ? "none" : more.length + 1}`)
    const findings: Finding[] = []
    for (const file of filesOf(folder)) {
      const finding = await inspect(file)
      for (const text of [finding.exposed, finding.problem]) if (text !== undefined) warn(`${file}: ${text}`)
      if (finding.publicKey !== undefined) findings.push(finding)
    }
    const lines = findings.map((finding) => `${JSON.stringify(finding)}\n`).join("")
    process.stdout.write(output === "json" ? lines : table(findings.map(rowOf)))
    return undefined
  },
})
