// A verb with commands, such as `ohmq relay`: its help, and how its commands end.

import process from "node:process"
import { ConfigError, suggestion } from "../config/index.js"
import { DamageError, StoreError } from "../store/index.js"
import { UsageError } from "./usage.js"

/** An error that has an exit code of its own. */
export class ExitError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

/** A command of a verb. */
export interface Command {
  /** Its name and arguments. */
  usage: string
  /** A line for the list of the verb's commands. */
  purpose: string
  /** More for its own help. */
  about?: string
  run(args: readonly string[]): Promise<number>
}

/** A verb. */
export interface CommandVerb {
  name: string
  /** What all commands have in common. */
  intro: string
  commands: Readonly<Record<string, Command>>
}

const width = 30

function helpOf({ name, intro, commands }: CommandVerb): string {
  const rows = Object.values(commands).map(({ usage, purpose }) =>
    usage.length > width - 2 ? `  ${usage}\n  ${"".padEnd(width)}${purpose}` : `  ${usage.padEnd(width)}${purpose}`,
  )
  return [`Usage: ohmq ${name} COMMAND. ${intro}`, "", ...rows, "", `ohmq ${name} COMMAND --help says more.`, ""].join(
    "\n",
  )
}

function commandHelp(verb: string, { usage, purpose, about }: Command): string {
  const parts = [`Usage: ohmq ${verb}${usage}`, `${purpose[0]?.toUpperCase()}${purpose.slice(1)}.`]
  return `${[...parts, ...(about === undefined ? [] : [about.trim()])].join("\n\n")}\n`
}

const isHelp = (arg: string | undefined) => arg === "--help" || arg === "-h"

/** Runs a command. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function runCommand(verb: CommandVerb, [name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || isHelp(name)) {
    process.stdout.write(helpOf(verb))
    return name === undefined ? 2 : 0
  }
  const command = Object.hasOwn(verb.commands, name) ? verb.commands[name] : undefined
  return finish(async () => {
    if (command === undefined)
      throw new UsageError(`Unknown command "${name}".${suggestion(name, Object.keys(verb.commands))}`)
    return await runAlone(`${verb.name} `, command, rest)
  })
}

/**
 * Runs a verb that is a command itself. Exit codes as of {@link runCommand}, and those of an {@link ExitError}.
 *
 * @param verb What stands before the usage of the command in its help.
 */
export function runAlone(verb: string, command: Command, args: readonly string[]): Promise<number> {
  return finish(async () => {
    // What is behind -- belongs to another command.
    const end = args.indexOf("--")
    if (!(end === -1 ? args : args.slice(0, end)).some(isHelp)) return await command.run(args)
    process.stdout.write(commandHelp(verb, command))
    return 0
  })
}

/** Prints an error, and makes an exit code of it. */
async function finish(run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`)
    else process.stderr.write(`error: ${(error as Error).message}\n`)
    if (error instanceof UsageError || error instanceof ConfigError) return 2
    if (error instanceof ExitError) return error.exitCode
    if (!(error instanceof StoreError) && !(error instanceof DamageError) && process.env.OHMQ_DEBUG)
      process.stderr.write(`${(error as Error).stack}\n`)
    return 1
  }
}
