// Saved connections, by name.

import path from "node:path"
import process from "node:process"

import { suggestion } from "../../base/spelling.js"
import { readValue } from "../command/arguments.js"
import { CommandError, UsageError } from "../command/exit.js"
import { list, type Options, text } from "../command/spec.js"
import { parseEndpoint } from "./endpoints.js"
import { type ConnectionValues, connectionOptions, securityOptions } from "./options.js"
import { type Line, lineError, profileFile, readProfiles } from "./profile-file.js"
import { isKey } from "./security.js"

const { profile: _, ...ownConnectionOptions } = connectionOptions

/** The options that a profile can have. */
export const profileOptions = {
  endpoint: list(
    text(
      "ENDPOINT",
      "Where to connect, or with @ in front to bind, if the command line has no endpoint. Can be repeated.",
    ),
  ),
  ...ownConnectionOptions,
  ...securityOptions,
} satisfies Options

type Values = ConnectionValues & { readonly endpoint?: readonly string[] }

/** The values of the lines of a section. */
function valuesOf(lines: readonly Line[]): Values {
  const options: Options = profileOptions
  const values: Record<string, unknown> = {}
  for (const { option: name, value, number } of lines) {
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined)
      throw lineError(number, `unknown option ${name}. ${suggestion(name, Object.keys(options))}`.trimEnd())
    const isFlag = option.placeholder === undefined
    if (isFlag !== (value === undefined))
      throw lineError(number, isFlag ? `${name} takes no value` : `expected ${name} = ${option.placeholder}`)
    if (Object.hasOwn(values, name) && !option.isList) throw lineError(number, `${name} is there twice`)
    try {
      const parsed = value === undefined ? true : readValue(name, option, value)
      if (name === "endpoint") parseEndpoint(value as string)
      values[name] = option.isList ? [...((values[name] as unknown[]) ?? []), parsed] : parsed
    } catch (error) {
      if (error instanceof UsageError) throw lineError(number, error.message)
      throw error
    }
  }
  return values as Values
}

/** The lines of a profile. @throws {UsageError} if there is none, with the nearest name. */
export function findProfile(profiles: Map<string, Line[]>, name: string): readonly Line[] {
  const lines = profiles.get(name)
  if (lines !== undefined) return lines
  const hint = suggestion(name, [...profiles.keys()]) || `To add it, run: ohmq profile add ${name} --endpoint ENDPOINT`
  throw new UsageError(`There is no profile ${JSON.stringify(name)} in ${profileFile()}. ${hint}`)
}

const curve = ["cert", "server-cert", "server", "clients"] as const
const plain = ["plain", "passwords"] as const

/** What the command line replaces although it has another name. */
function outdated(given: ConnectionValues): readonly (keyof ConnectionValues)[] {
  const has = (names: readonly (keyof ConnectionValues)[]) => names.some((name) => given[name] !== undefined)
  if (has(plain)) return [...plain, ...curve]
  if (!has(curve)) return []
  return [
    ...plain,
    ...(given["server-cert"] === undefined ? [] : (["server", "clients"] as const)),
    ...(given.server ? (["server-cert"] as const) : []),
  ]
}

/**
 * The values of a profile below those of the command line, and its endpoints.
 * @param name Default: what OHMQ_PROFILE says.
 */
export function applyProfile(
  name: string | undefined,
  values: ConnectionValues,
): { values: ConnectionValues; endpoints: readonly string[] } {
  const wanted = name ?? process.env.OHMQ_PROFILE
  if (wanted === undefined || wanted === "") return { values, endpoints: [] }
  const { endpoint: endpoints = [], ...saved } = valuesOf(findProfile(readProfiles(), wanted))
  const below = Object.fromEntries(
    Object.entries(saved).filter(([option]) => !outdated(values).includes(option as keyof ConnectionValues)),
  ) as ConnectionValues
  const option = [...(below.option ?? []), ...(values.option ?? [])]
  return { values: { ...below, ...values, ...(option.length > 0 && { option }) }, endpoints }
}

const secretOptions = ["plainPassword", "curveSecretKey"]

function checkNoSecret(option: string, value: string): void {
  if (option === "plain" && !/^[^:]+:(env|file):./.test(value))
    throw new UsageError("--plain: a profile has no secrets. Give USER:env:NAME or USER:file:PATH")
  const [name = ""] = value.split("=")
  if (option === "option" && secretOptions.includes(name))
    throw new UsageError(`--option ${name}: a profile has no secrets. Use --plain or --cert`)
}

/** A value of the command line as a profile keeps it: paths that do not depend on the current folder. */
function absolute(option: string, value: string): string {
  if (option === "endpoint") {
    return value.replace(
      /^([@>]?ipc:\/\/)(?![/@*])(.+)$/s,
      (_all, start: string, file: string) => start + path.resolve(file),
    )
  }
  if (option === "plain")
    return value.replace(/^([^:]*:file:)(.*)$/s, (_all, start: string, file: string) => start + path.resolve(file))
  const isOther = (option === "clients" && value === "any") || (option === "server-cert" && isKey(value))
  return (profileOptions as Options)[option]?.isFile && !isOther ? path.resolve(value) : value
}

/** The lines of a profile with texts of the command line. @throws {UsageError} for a value that is invalid or a secret. */
export function linesOf(texts: Readonly<Record<string, string | true | readonly string[]>>): string[] {
  const lines = Object.entries(texts).flatMap(([option, given]) => {
    if (given === true) return [option]
    return (typeof given === "string" ? [given] : given).map((value) => {
      checkNoSecret(option, value)
      const kept = absolute(option, value)
      if (option === "endpoint") parseEndpoint(kept)
      if (kept !== kept.trim() || /[\r\n]/.test(kept))
        throw new CommandError(`--${option}: a profile cannot keep a value with blanks at its ends or line breaks`)
      return `${option} = ${kept}`
    })
  })
  return lines
}
