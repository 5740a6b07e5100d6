// A verb with commands, such as `ohmq relay`: its help, and how its commands end.

import process from "node:process"
import { ConfigError, suggestion } from "../config/index.js"
import { DamageError, StoreError } from "../store/index.js"
import { UsageError } from "./usage.js"

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
  const parts = [`Usage: ohmq ${verb} ${usage}`, `${purpose[0]?.toUpperCase()}${purpose.slice(1)}.`]
  return `${[...parts, ...(about === undefined ? [] : [about.trim()])].join("\n\n")}\n`
}

const isHelp = (arg: string | undefined) => arg === "--help" || arg === "-h"

/** Says what went wrong, and returns the exit code: 1 failed, 2 wrong usage or configuration. */
function complain(error: unknown): number {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`)
  else process.stderr.write(`error: ${(error as Error).message}\n`)
  if (error instanceof UsageError || error instanceof ConfigError) return 2
  if (!(error instanceof StoreError) && !(error instanceof DamageError) && process.env.OHMQ_DEBUG)
    process.stderr.write(`${(error as Error).stack}\n`)
  return 1
}

/** Runs a command. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function runCommand(verb: CommandVerb, [name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || isHelp(name)) {
    process.stdout.write(helpOf(verb))
    return name === undefined ? 2 : 0
  }
  try {
    const command = Object.hasOwn(verb.commands, name) ? verb.commands[name] : undefined
    if (command === undefined)
      throw new UsageError(`Unknown command "${name}".${suggestion(name, Object.keys(verb.commands))}`)
    if (rest.some(isHelp)) {
      process.stdout.write(commandHelp(verb.name, command))
      return 0
    }
    return await command.run(rest)
  } catch (error) {
    return complain(error)
  }
}

/** Runs a verb that is a command itself. Exit codes as those of {@link runCommand}. */
export async function runAlone(verb: string, command: Command, args: readonly string[]): Promise<number> {
  if (args.some(isHelp)) {
    process.stdout.write(commandHelp(verb, command))
    return 0
  }
  try {
    return await command.run(args)
  } catch (error) {
    return complain(error)
  }
}
