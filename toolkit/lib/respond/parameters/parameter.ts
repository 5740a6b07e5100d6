// The parameters of actions: what a value must be before it gets into an argument. Whatever comes from an event was written by others.

import { z } from "zod"
import { compilePattern } from "../../relay/routes/changes.js"
import { filePath, type PathOptions } from "./file-path.js"
import { type Network, type Protection, parseAddress, parseNetwork } from "./networks.js"

/** A value that was checked. */
export type Value = string | number

const named = <Type extends string>(type: Type) => z.literal(type).describe("The type.")

const schemas = {
  ip: z.strictObject({
    type: named("ip"),
    version: z.literal([4, 6]).optional().describe("4 or 6. Both, by default."),
  }),
  cidr: z.strictObject({
    type: named("cidr"),
    min4: z.int().min(1).max(32).prefault(24).describe("The shortest prefix of IPv4, in bits."),
    min6: z.int().min(1).max(128).prefault(48).describe("The shortest prefix of IPv6, in bits."),
  }),
  hostname: z.strictObject({ type: named("hostname") }),
  port: z.strictObject({ type: named("port") }),
  integer: z
    .strictObject({
      type: named("integer"),
      min: z.int().describe("The least."),
      max: z.int().describe("The greatest."),
    })
    .refine(({ min, max }) => min <= max, { path: ["max"], error: "Expected at least as much as min" }),
  enum: z.strictObject({
    type: named("enum"),
    values: z.array(z.string().min(1)).min(1).describe("The values, exactly."),
  }),
  path: z.strictObject({
    type: named("path"),
    root: z.string().min(1).describe("The folder that it must be in, after all links are followed."),
    kind: z.enum(["file", "folder", "any"]).prefault("file").describe("What must be there."),
  }),
  token: z.strictObject({
    type: named("token"),
    pattern: z.string().min(1).describe("An RE2 pattern that all of the text must match."),
    maxLength: z.int().min(1).max(4096).prefault(128).describe("In characters."),
  }),
  text: z.strictObject({
    type: named("text"),
    maxLength: z.int().min(1).max(4096).prefault(256).describe("In characters."),
  }),
} as const

/** The names of the types. */
export const parameterTypes = Object.keys(schemas)
export const parameterSchemas: Readonly<Record<string, z.ZodType>> = schemas

/** The options of a parameter. */
export type ParameterOptions = { [Type in keyof typeof schemas]: z.infer<(typeof schemas)[Type]> }[keyof typeof schemas]

/** What values are checked against. */
export interface Surroundings {
  /** The folder of the configuration. */
  readonly folder: string
  readonly protection: Protection
}

/** A text in a message. It may hold anything, and much. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing"
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

const expected = (what: string, value: unknown): never => {
  throw new Error(`Expected ${what} but received ${shown(value)}`)
}

/**
 * Line breaks and other control characters, and those that show text in another order than it is in (Unicode's categories Cc, Zl, Zp and
 * the bidirectional formatting characters of UAX #9). Unpaired surrogates are no text at all.
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Cs}]/u

function textOf(what: string, value: unknown, maxLength: number): string {
  if (typeof value !== "string" || value === "") return expected(what, value)
  if ([...value.slice(0, 2 * maxLength + 2)].length > maxLength)
    throw new Error(`It is longer than ${maxLength} characters`)
  if (unprintable.test(value)) throw new Error(`${shown(value)} has control characters`)
  return value
}

function numberOf(what: string, value: unknown, min: number, max: number): number {
  const number = typeof value === "string" && /^(0|-?[1-9]\d{0,15})$/.test(value) ? Number(value) : value
  if (typeof number !== "number" || !Number.isSafeInteger(number)) return expected(what, value)
  if (number < min || number > max) return expected(`${what} from ${min} to ${max}`, value)
  return number
}

function untouchable(network: Network, text: string, { protection }: Surroundings): void {
  const reason = protection.reasonFor(network)
  if (reason !== undefined) throw new Error(`${text} must not be touched: ${reason}`)
}

/** RFC 1123, section 2.1: labels of letters, digits and hyphens. The last one is not a number, or it would be read as an address. */
const hostname =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** A parameter of an action. */
export class Parameter {
  readonly options: ParameterOptions
  readonly #pattern: ReturnType<typeof compilePattern> | undefined

  /** @throws Error if its pattern is invalid */
  constructor(options: ParameterOptions) {
    this.options = options
    this.#pattern = options.type === "token" ? compilePattern(options.pattern) : undefined
  }

  /**
   * The value in the form that arguments get.
   *
   * @param value What an expression gave.
   * @throws Error with what was expected and what came
   */
  check(value: unknown, surroundings: Surroundings): Value {
    const { options } = this
    switch (options.type) {
      case "ip": {
        const network = typeof value === "string" ? parseAddress(value) : undefined
        const what = `an address of ${options.version === undefined ? "IPv4 or IPv6" : `IPv${options.version}`}`
        if (network === undefined || (options.version ?? network.version) !== network.version)
          return expected(what, value)
        untouchable(network, network.address, surroundings)
        return network.address
      }
      case "cidr": {
        const network = typeof value === "string" ? parseNetwork(value) : undefined
        if (network === undefined)
          return expected("a network such as 192.0.2.0/24, with zeros behind the prefix", value)
        const { address, prefix, version } = network
        const least = version === 4 ? options.min4 : options.min6
        if (prefix < least)
          throw new Error(`${address}/${prefix} is too large: expected a prefix of at least ${least} bits`)
        untouchable(network, `${address}/${prefix}`, surroundings)
        return `${address}/${prefix}`
      }
      case "hostname": {
        const name = typeof value === "string" ? value.toLowerCase() : ""
        return hostname.test(name) && !/^(.*\.)?localhost$/.test(name) ? name : expected("the name of a host", value)
      }
      case "port":
        return numberOf("a port", value, 1, 65_535)
      case "integer":
        return numberOf("an integer", value, options.min, options.max)
      case "enum":
        return typeof value === "string" && options.values.includes(value)
          ? value
          : expected(`one of ${options.values.join(", ")}`, value)
      case "path":
        return filePath(textOf("a path", value, 4096), options as PathOptions, surroundings.folder)
      case "token": {
        const text = textOf("text", value, options.maxLength)
        return this.#pattern?.matches(text) ? text : expected(`text that matches ${options.pattern}`, value)
      }
      case "text":
        return textOf("text", value, options.maxLength)
    }
  }
}

/**
 * Checks the values of all parameters.
 *
 * @throws Error that names the first one that is wrong
 */
export function checkValues(
  parameters: ReadonlyMap<string, Parameter>,
  values: Readonly<Record<string, unknown>>,
  surroundings: Surroundings,
): Record<string, Value> {
  const checked: Record<string, Value> = {}
  for (const [name, parameter] of parameters) {
    try {
      checked[name] = parameter.check(values[name], surroundings)
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`)
    }
  }
  return checked
}
