#!/usr/bin/env node
// The `ohmq` command: finds the verb, parses its options, runs it, and turns how it ended into an exit code.

import { readFileSync } from "node:fs"
import path from "node:path"
import process from "node:process"

import { suggestion } from "../base/spelling.js"
import { parseArguments } from "./command/arguments.js"
import { CommandError, Exit, UsageError } from "./command/exit.js"
import { helpOf } from "./command/help.js"
import { Interruption } from "./command/interruption.js"
import { checkOutput, watchOutput } from "./command/output-failure.js"
import type { Verb } from "./command/spec.js"
import { findSubcommand } from "./command/subcommands.js"
import { paint, setQuiet, warn } from "./command/terminal.js"
import { overview } from "./overview.js"
import { findToolkit } from "./toolkit.js"
import { allVerbs, loadVerb, names } from "./verbs.js"

const version = () =>
  (JSON.parse(readFileSync(path.join(__dirname, "../../package.json"), "utf8")) as { version: string }).version

const isHelp = (argument: string | undefined) => argument === "--help" || argument === "-h"

/** Puts the name that the command was called by into a text. */
let translate = (text: string) => text

async function runVerb(named: Verb, given: readonly string[]): Promise<number> {
  const found = findSubcommand(named, given)
  const { verb } = found
  try {
    const { args, values } = parseArguments(verb, found.args)
    if (values.help === true) {
      process.stdout.write(translate(helpOf(verb)))
      return Exit.done
    }
    setQuiet(values.quiet === true)
    using interruption = new Interruption()
    const { signal } = interruption
    const code = await verb.run({ verb: verb.name, args, values, signal, allVerbs }).catch((error: unknown) => {
      // As of signal.throwIfAborted().
      if (!signal.aborted || error !== signal.reason) throw error
    })
    return interruption.exitCode ?? code ?? Exit.done
  } catch (error) {
    if (error instanceof UsageError) error.verb ??= verb.name
    throw error
  }
}

/** `ohmq help [VERB]`. */
async function help([name, ...more]: readonly string[]): Promise<number> {
  if (name === undefined || isHelp(name)) {
    process.stdout.write(overview())
    return Exit.done
  }
  const verb = await loadVerb(name)
  if (verb === undefined) return runForeign(name, [...more, "--help"])
  const found = findSubcommand(verb, [...more, "--help"])
  if (found.args.length > 1) throw new UsageError("Expected one verb")
  process.stdout.write(translate(helpOf(found.verb)))
  return Exit.done
}

/** Runs a verb of ohmq-toolkit, if that is installed and has it. */
async function runForeign(name: string, args: readonly string[]): Promise<number> {
  const toolkit = await findToolkit()
  if (toolkit?.verbs.includes(name)) return toolkit.run(name, args)
  const hint = suggestion(name, [...names, ...(toolkit?.verbs ?? [])])
  if (hint !== "" || toolkit !== undefined)
    throw new UsageError(`Unknown verb ${JSON.stringify(name)}. ${hint}`.trimEnd())
  throw new UsageError(
    `Unknown verb ${JSON.stringify(name)}. If it belongs to the toolkit, install that: npm install ohmq-toolkit`,
  )
}

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || isHelp(name)) {
    process.stdout.write(overview())
    return Exit.done
  }
  if (name === "--version" || name === "-V") {
    process.stdout.write(`${version()}\n`)
    return Exit.done
  }
  if (name === "help") return help(args)
  if (name.startsWith("-")) throw new UsageError(`Expected a verb first, but received ${name}. Run: ohmq help`)
  const verb = await loadVerb(name)
  return verb === undefined ? runForeign(name, args) : runVerb(verb, args)
}

/** Prints warnings of the library as those of the command; that draft sockets may change is in their help. */
function showWarnings(): void {
  process.removeAllListeners("warning")
  process.on("warning", ({ message }) => {
    if (!message.startsWith("The draft sockets")) warn(message)
  })
}

/** Runs a command line and ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  showWarnings()
  watchOutput()
  let code: number
  try {
    code = await run(args)
    await checkOutput()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const isKnown = error instanceof CommandError || (error as NodeJS.ErrnoException).code !== undefined
    const text = isKnown ? error.message : (error.stack ?? error.message)
    process.stderr.write(`${paint("red", "error:", process.stderr)} ${translate(text)}\n`)
    if (error instanceof UsageError && error.verb !== undefined) {
      process.stderr.write(`${translate(`Run: ohmq help ${error.verb}`)}\n`)
    }
    code = error instanceof CommandError ? error.exitCode : Exit.failed
  }
  process.exit(code)
}

/** As `main`, for a command that is another name of a verb: "ohmq-keys" of "ohmq keys". */
export function mainOf(verb: string, name: string, args: readonly string[]): Promise<void> {
  translate = (text) =>
    text
      .replaceAll(new RegExp(`ohmq help ${verb}\\b(.*)`, "g"), `${name}$1 --help`)
      .replaceAll(new RegExp(`ohmq ${verb}\\b`, "g"), name)
  return main([verb, ...args])
}

if (require.main === module) void main(process.argv.slice(2))
