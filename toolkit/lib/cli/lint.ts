// `ohmq lint`: what in programs and configurations breaks the rules of docs/lint.md.

import process from "node:process"
import { ConfigError } from "../config/index.js"
import { type LintFinding, lintedFiles, lintFile, sarifLog } from "../lint/index.js"
import { version } from "../relay/index.js"
import { type Command, runAlone } from "./commands.js"
import { plural } from "./terminal.js"
import { outputOf, parseUsage, UsageError } from "./usage.js"

const say = (text: string) => process.stdout.write(`${text}\n`)

const line = ({ file, line, column, level, rule, message, advice }: LintFinding) =>
  `${file}:${line}:${column}: ${level} ${rule}: ${message}. ${advice}`

/** So many lines about a file that cannot be read: what is nested deeply has the same mistake at each level. */
const maxLines = 20

function mistakesOf({ message }: ConfigError, file: string): string {
  const lines = [...new Set(message.split("\n"))]
  const rest = lines.length - maxLines
  return [...lines.slice(0, maxLines), ...(rest > 0 ? [`${file}: ${plural(rest, "more mistake")}`] : [])].join("\n")
}

const nothingIn = (paths: readonly string[]) =>
  `error: There is nothing to check in ${paths.join(", ")}. Name the folders with programs or configurations`

async function run(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, Number.POSITIVE_INFINITY, ["output"])
  const output = outputOf(values.output, "json", "sarif")
  if (positionals.length === 0) throw new UsageError("Name the files or folders: ohmq lint FILE...")
  let skipped = 0
  const files = lintedFiles(positionals, ({ file, reason }) => {
    skipped++
    process.stderr.write(`${file}: skipped: ${reason}\n`)
  })
  let unread = 0
  const findings = files.flatMap((file) => {
    try {
      return lintFile(file)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      unread++
      process.stderr.write(`${mistakesOf(error, file)}\n`)
      return []
    }
  })
  if (output === "sarif") say(JSON.stringify(sarifLog(findings, version), null, 2))
  else for (const finding of findings) say(output === "json" ? JSON.stringify(finding) : line(finding))
  if (output === "text") {
    const notes = [
      `${plural(files.length - unread, "file")} checked: ${plural(findings.length, "finding")}`,
      ...(unread > 0 ? [`${plural(unread, "file")} not checked`] : []),
      ...(skipped > 0 ? [`${plural(skipped, "file")} skipped`] : []),
    ]
    say(notes.join("; "))
  }
  if (files.length === 0) process.stderr.write(`${nothingIn(positionals)}\n`)
  if (unread > 0 || files.length === 0) return 2
  return findings.length > 0 ? 1 : 0
}

const command: Command = {
  usage: "FILE... [--output text|json|sarif]",
  purpose: "find what is risky in programs and in configurations",
  about: `Reads JavaScript and TypeScript programs that use ohmq or zeromq, configurations of the relay and the responder, and files for
tasks serve --jetstream; nothing is run. Of a folder, it reads what is below it, without node_modules, dist, build and links to folders,
and names YAML files that look like a configuration but are none, and programs larger than 5 MiB. It finds what others can read or misuse (errors), and
what hangs or loses messages (warnings); docs/lint.md of ohmq-toolkit has the rules. Endpoints on this machine are fine.

A finding may stay if a comment on its line, or on the line before it, says why:
  // ohmq-lint-ignore RULE reason     (in YAML: # ohmq-lint-ignore RULE reason)

  --output json    a line of JSON for each finding
  --output sarif   a SARIF 2.1.0 log, for scanners' pipelines

Exit codes: 0 nothing was found, 1 something was, 2 wrong usage, nothing to check, or a file that cannot be read or parsed: the others are
checked.`,
  run,
}

export const lint = (args: readonly string[]): Promise<number> => runAlone("lint ", command, args)
