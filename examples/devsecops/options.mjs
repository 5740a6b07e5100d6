// The command line.

import { constants } from "node:fs"
import { access, stat } from "node:fs/promises"
import { availableParallelism } from "node:os"
import path from "node:path"
import { parseArgs } from "node:util"

import { Failure } from "./failure.mjs"

export const help = `Usage: npm start -- [options] [PATH]

Scans the JavaScript and TypeScript files of a folder, or one file, for weaknesses:
with ESLint in several workers. Tasks are in a durable queue; findings go through
two relays to an archive, an audit log, metrics and analytics, over encrypted
ZeroMQ sockets. Status pages show it while it runs.

PATH             what to scan; default: this project
--workers N      how many processes scan, 1 to 64; default: one per core, 2 to 8
--output FILE    where the report goes, in SARIF 2.1.0; default: report.sarif
--stay           does not end: scans the files that new commits have changed, if PATH
                 is in a git repository. Ctrl-C ends it
--data DIR       keeps keys, tasks, events and the audit log there, and goes on with
                 what is there; default: a temporary folder, which is removed
--open           opens the status page of the hub in a browser
--quiet          prints errors only
--help           prints this

Scans *.js, *.mjs, *.cjs, *.jsx, *.ts, *.mts, *.cts and *.tsx. Skips links and folders
named node_modules, .git, build and dist.

Status: 0 the report is written, with or without findings; 1 the scan failed;
2 invalid option, or PATH, FILE or DIR cannot be used; 130 interrupted`

/** npm runs scripts in the package's folder; INIT_CWD is the user's. */
const { npm_lifecycle_event: script, INIT_CWD } = process.env
const base = script === "start" && INIT_CWD ? INIT_CWD : process.cwd()

function parse(args) {
  const options = {}
  for (const name of ["workers", "output", "data"]) options[name] = { type: "string" }
  for (const name of ["stay", "open", "quiet", "help"]) options[name] = { type: "boolean" }
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new Failure(error.message.split(/\n|\. /)[0], 2)
  }
}

async function checkOutput(output) {
  try {
    const existing = await stat(output).catch(() => undefined)
    if (existing?.isDirectory()) throw new Error("it is a folder")
    await access(existing ? output : path.dirname(output), constants.W_OK)
  } catch (error) {
    throw new Failure(`Cannot write ${JSON.stringify(output)}: ${error.message}`, 2)
  }
}

export async function readOptions(args) {
  const { values, positionals } = parse(args)
  const { workers = `${Math.min(Math.max(availableParallelism(), 2), 8)}`, output = "report.sarif" } = values
  if (values.help) return { help }
  if (positionals.length > 1) throw new Failure("Expected one PATH", 2)
  if (positionals[0] === "") throw new Failure("PATH is empty", 2)
  if (values.data === "") throw new Failure("--data is empty", 2)
  if (!/^[0-9]+$/.test(workers) || Number(workers) < 1 || Number(workers) > 64) {
    throw new Failure(`Expected --workers to be a number from 1 to 64: ${JSON.stringify(workers)}`, 2)
  }
  const project = path.join(import.meta.dirname, "../..")
  const options = {
    target: positionals.length === 0 ? project : path.resolve(base, positionals[0]),
    output: path.resolve(base, output),
    data: values.data === undefined ? undefined : path.resolve(base, values.data),
    workers: Number(workers),
    stay: values.stay,
    open: values.open,
    quiet: values.quiet,
  }
  await checkOutput(options.output)
  return options
}
