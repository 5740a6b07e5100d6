// `ohmq profile`: saves the options of a connection under a name.

import { existsSync } from "node:fs"
import process from "node:process"

import { CommandError, UsageError } from "../command/exit.js"
import { choice, defineVerb, defineVerbs, flag, type Option, type Options } from "../command/spec.js"
import { say, warn } from "../command/terminal.js"
import { securityOptions } from "../connection/options.js"
import { changeProfile, isProfileName, type Line, profileFile, readProfiles } from "../connection/profile-file.js"
import { findProfile, linesOf, profileOptions } from "../connection/profiles.js"

/** The option, checked as ever, but with its text as the value. */
const asText = (option: Option): Option => ({
  ...option,
  parse: (text) => {
    option.parse?.(text)
    return text
  },
})

const texts = (wanted: (name: string) => boolean): Options =>
  Object.fromEntries(
    Object.entries(profileOptions as Options)
      .filter(([name]) => wanted(name))
      .map(([name, option]) => [name, asText(option)]),
  )

const isSecurity = (name: string) => Object.hasOwn(securityOptions, name)

function nameOf([name, ...more]: readonly string[]): string {
  if (name === undefined) throw new UsageError("Expected NAME, but received no arguments")
  const bare = name.replace(/^@/, "")
  if (!isProfileName(bare))
    throw new UsageError(`A profile's name has letters, digits, _ and -, but this one is ${JSON.stringify(name)}`)
  if (more.length > 0) throw new UsageError(`Expected one NAME, but also received ${JSON.stringify(more.join(" "))}`)
  return bare
}

const valuesOf = (lines: readonly Line[], name: string) =>
  lines.filter(({ option }) => option === name).map(({ value }) => value ?? "")

/** A profile as JSON: a list for what can be repeated, true for flags. */
function toJson(name: string, lines: readonly Line[]): string {
  const entries = lines.map(({ option, value }) => {
    const isList = (profileOptions as Options)[option]?.isList === true
    return [option, isList ? valuesOf(lines, option) : (value ?? true)]
  })
  return `${JSON.stringify({ name, ...Object.fromEntries(entries) })}\n`
}

const output = { title: "Output", options: { output: choice(["text", "json"], "Default text.") } } as const

const add = defineVerb({
  name: "profile add",
  summary: "Saves a profile",
  usage: ["NAME --endpoint ENDPOINT... [options]"],
  about: `
Keeps the options as they are given here, with absolute paths. A profile has no secrets: certificates stay in their files, and a
password in its file or environment variable.`,
  groups: [
    { title: "Connection", options: texts((name) => !isSecurity(name)) },
    { title: "Security", options: texts(isSecurity) },
    { title: "Profile", options: { replace: flag("Replace a profile of that name.") } },
  ],
  examples: [
    {
      what: "a profile, and both ends of a socket pair that use it",
      command:
        "ohmq profile add local --replace --endpoint ipc://jobs && " +
        "{ ohmq pull @local --bind --count 1 & ohmq push @local hello; wait; }",
    },
  ],
  run: async ({ args, values }) => {
    const name = nameOf(args)
    const { replace, quiet: _, ...given } = values as Record<string, string | true | string[]>
    const lines = linesOf(given)
    if (lines.length === 0) throw new UsageError("Expected at least one option, such as --endpoint")
    await changeProfile(name, (profiles) => {
      if (profiles.has(name) && replace !== true)
        throw new CommandError(`There is a profile ${JSON.stringify(name)} already. Add --replace to replace it`)
      return lines
    })
    for (const line of lines) {
      const [, option, file = ""] = /^(cert|server-cert|clients|passwords) = (\/.*)$/.exec(line) ?? []
      if (option !== undefined && !existsSync(file)) warn(`--${option}: there is no ${file} yet`)
    }
    say(`saved in ${profileFile()}; use it as @${name}`)
    return undefined
  },
})

const showAll = defineVerb({
  name: "profile list",
  summary: "Lists the profiles and their endpoints",
  usage: [""],
  groups: [output],
  examples: [{ what: "the profiles there are", command: "ohmq profile list" }],
  run: async ({ args, values: { output } }) => {
    if (args.length > 0) throw new UsageError(`Expected no arguments, but received ${JSON.stringify(args.join(" "))}`)
    const profiles = [...readProfiles()]
    const width = Math.max(0, ...profiles.map(([name]) => name.length))
    for (const [name, lines] of profiles) {
      const row = `${name.padEnd(width)}  ${valuesOf(lines, "endpoint").join(" ")}`.trimEnd()
      process.stdout.write(output === "json" ? toJson(name, lines) : `${row}\n`)
    }
    return undefined
  },
})

const show = defineVerb({
  name: "profile show",
  summary: "Shows the options of a profile",
  usage: ["PROFILE"],
  groups: [output],
  examples: [
    {
      what: "a profile",
      command: "ohmq profile add local --replace --endpoint tcp://127.0.0.1:5557 && ohmq profile show local",
    },
  ],
  run: async ({ args, values: { output } }) => {
    const name = nameOf(args)
    const lines = findProfile(readProfiles(), name)
    const text = lines.map(({ option, value }) => `${value === undefined ? option : `${option} = ${value}`}\n`).join("")
    process.stdout.write(output === "json" ? toJson(name, lines) : text)
    return undefined
  },
})

const remove = defineVerb({
  name: "profile remove",
  summary: "Removes a profile",
  usage: ["PROFILE"],
  groups: [],
  examples: [
    {
      what: "a profile",
      command: "ohmq profile add local --replace --endpoint tcp://127.0.0.1:5557 && ohmq profile remove local",
    },
  ],
  run: async ({ args }) => {
    const name = nameOf(args)
    await changeProfile(name, (profiles) => {
      findProfile(profiles, name)
      return undefined
    })
    return undefined
  },
})

export const profile = defineVerbs({
  name: "profile",
  summary: "Saves endpoints and options under a name, to use as @NAME",
  about: `
"ohmq sub @prod" is "ohmq sub" with the endpoints and options of the profile prod, and so is "ohmq sub --profile prod". The
environment variable OHMQ_PROFILE names one for every command. Options of the command line win over those of the profile.

Profiles are in the file ohmq/profiles below $XDG_CONFIG_HOME or ~/.config, which is not used if other users can change it.`,
  subcommands: [add, showAll, show, remove],
  examples: [],
})
