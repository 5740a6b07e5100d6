// Checks of arguments.

import { inspect } from "node:util"

import { isAbortSignal } from "./abort.js"
import { errnoError } from "./errors.js"
import { suggestion } from "./spelling.js"
import { handle } from "./symbols.js"

/** Options of a single operation. */
export interface OperationOptions {
  /** Cancels the operation, which then rejects with the signal's reason. The signal may come from another realm, such as jsdom's. */
  signal?: AbortSignal
  /**
   * How long the operation may wait, in milliseconds: 0 does not wait, -1 waits forever. Default: the socket's own option. This is real
   * time: fake timers (Jest, Vitest, Sinon, node:test) neither stop it nor speed it up.
   */
  timeout?: number
}

/** The maximum delay of a JavaScript timer, in milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** A TypeError that names the argument, what it must be, and the value that came instead. */
export function expected(what: string, kind: string, value: unknown): TypeError {
  const text = typeof value === "string" ? JSON.stringify(value) : inspect(value, { depth: 0, breakLength: Infinity })
  return new TypeError(`Expected ${what} to be ${kind}, but received ${text} (${typeof value})`)
}

/** A TypeError for too many arguments. */
export const tooMany = (wanted: number, came: number) =>
  new TypeError(`Expected ${wanted} argument${wanted === 1 ? "" : "s"} but received ${came}`)

export const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** Throws zeromq's error unless options are an object. */
export function checkObject(options: unknown): asserts options is object {
  if (!isObject(options)) throw new TypeError("Options must be an object")
}

/** Throws if an object has an unknown property, which most likely is misspelt. */
export function checkNames(options: object, ...known: string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const hint = suggestion(name, known) || `Known options: ${known.join(", ")}`
    throw new TypeError(`Unknown option "${name}". ${hint}`)
  }
}

/** Throws unless these are valid options of an operation. `further` names more that are allowed. */
export function checkOperation(options: OperationOptions | undefined, ...further: string[]): void {
  if (options === undefined) return
  if (!isObject(options)) throw expected("options", "an object", options)
  checkNames(options, "signal", "timeout", ...further)
  const { timeout, signal } = options
  if (timeout !== undefined && !(typeof timeout === "number" && (timeout >= 0 || timeout === -1))) {
    throw expected("timeout", "a number of milliseconds, or -1 for no limit", timeout)
  }
  checkSignal(signal)
}

/** Throws unless a value is a signal or undefined. */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !isAbortSignal(signal)) throw expected("signal", "an AbortSignal", signal)
}

/** Throws if an object of one of our classes was made by another version of this package. */
export function checkInterface(what: string, object: object): void {
  if (!(handle in object)) {
    throw errnoError(
      "EINVAL",
      `The ${what} was made by another version of ohmq in this process, which this one cannot use`,
    )
  }
}

// --- For options that may hold secrets: errors never quote a string or an object, because it may be a key in the wrong place.

function kindOf(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined)
    return `${value}`
  if (Array.isArray(value)) return "an array"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

/** A TypeError that names the argument, what it must be, and the kind of value that came instead. */
export const unexpected = (name: string, wanted: string, value: unknown): TypeError =>
  new TypeError(`Expected ${name} to be ${wanted}, but received ${kindOf(value)}`)

/** Throws unless `options` is an object with no other names than these. `what` names it in the error. */
export function checkOptions<T extends object>(what: string, options: T, names: readonly string[]): T {
  const known = names.join(", ")
  if (!isObject(options) || Array.isArray(options)) {
    throw unexpected(what, `an object with any of ${known}`, options)
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new TypeError(`Unknown option ${JSON.stringify(name.slice(0, 40))} in ${what}. Known options: ${known}`)
    }
  }
  return options
}

export function checkPositive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw unexpected(name, "a positive integer", value)
  return value
}

export function checkDuration(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw unexpected(name, "a non-negative integer number of milliseconds", value)
  return value
}

/** How long to wait for something. The limit is that of JavaScript's timers. */
export function checkTimeout(name: string, value: number): number {
  if (!(value > 0 && value <= LONGEST_TIMER))
    throw unexpected(name, "a positive number of milliseconds up to 2147483647", value)
  return value
}

export function checkBoolean(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw unexpected(name, "true or false", value)
  return value
}
