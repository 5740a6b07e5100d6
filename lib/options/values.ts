// Checks and converts the values of options, and reads and writes them.

import { Buffer } from "node:buffer"
import process from "node:process"
import { isUint8Array } from "node:util/types"
import { hasKeyForm } from "../base/curve-key.js"
import { errnoError } from "../base/errors.js"
import { suggestion } from "../base/spelling.js"
import { addon, constant } from "../native/addon.js"
import type { Option, Wire } from "./table/entry.js"
import { socketOptions } from "./table/index.js"
import { wireTypes } from "./wire.js"

/** The methods of the addon's contexts and sockets that get and set options. */
export interface NativeOptions {
  getOption(id: number, type: number): unknown
  setOption(id: number, type: number, value: unknown): void
}

const ranges: Partial<Record<Wire, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  // JavaScript reads 2 ** 64 - 1 as 2 ** 64, which the addon takes for the largest value.
  uint64: [0, 2 ** 64],
}

/** Throws unless a value fits a wire type. */
export function checkValue(wire: Wire, value: unknown): void {
  const range = ranges[wire]
  if (range !== undefined) {
    if (typeof value !== "number") throw new TypeError("Option value must be a number")
    const whole = Math.trunc(value)
    if (!(whole >= range[0] && whole <= range[1])) {
      throw new RangeError(`Option value must be a number from ${range[0]} to ${range[1]}, but received ${value}`)
    }
    if (wire === "uint64" && whole > Number.MAX_SAFE_INTEGER) {
      process.emitWarning("Value is larger than Number.MAX_SAFE_INTEGER and may have been rounded inaccurately.")
    }
  } else if (wire === "bool") {
    if (typeof value !== "boolean") throw new TypeError("Option value must be a boolean")
  } else if (value !== null && typeof value !== "string" && !isUint8Array(value)) {
    throw new TypeError("Option value must be a string or buffer")
  }
}

const byId = new Map<number, Option>()
for (const option of Object.values<Option>(socketOptions)) {
  const id = addon.constants[option.zmq]
  if (id !== undefined && !byId.has(id)) byId.set(id, option)
}

/** The entry of the table for the number of a socket option in zmq.h. */
export const socketOptionById = (id: number): Option | undefined => byId.get(id)

/** The number of an option in zmq.h. If the linked libzmq lacks it, throws an error that says which libzmq has it. */
function optionId(option: Option): number {
  const id = addon.constants[option.zmq]
  const lacks = option.needs !== undefined && addon.capability[option.needs] !== true
  if (id !== undefined && !lacks) return id
  const version = option.patch ? `libzmq with the patch ${option.patch}` : `libzmq ${option.since ?? "4.3.2"} or later`
  const wanted = lacks && id !== undefined ? `libzmq built with ${option.needs}` : version
  throw errnoError("ENOTSUP", `${option.zmq} needs ${wanted}, but this is libzmq ${addon.version}`)
}

function nameOf(option: Option, value: number): unknown {
  return option.values === undefined ? value : option.values[value]
}

function numberOf(option: Option, name: unknown): unknown {
  if (option.values === undefined) return name
  const index = option.values.indexOf(name as string)
  if (index < 0) throw notOneOf(option.values, name)
  return index
}

function notOneOf(names: readonly unknown[], name: unknown): TypeError {
  const list = names.map((value) => JSON.stringify(value)).join(", ")
  return new TypeError(`Option value must be one of ${list}, but received ${JSON.stringify(name)}`)
}

/** The value that an option which libzmq cannot read back reads as, after it was set. */
export function valueToRemember(wire: Wire, value: unknown): unknown {
  if (typeof value === "number") return Math.trunc(value)
  if (wire === "properties") return value && { ...value }
  if (wire === "bytes")
    return typeof value === "string" ? Buffer.from(value) : value && Buffer.from(value as Uint8Array)
  const text = isUint8Array(value) ? Buffer.from(value).toString() : value
  return text === "" ? null : text
}

/** The names of a `flags` option and their bits. */
const flagBits = (option: Option) =>
  Object.entries(option.flags ?? {}).map(([name, zmq]) => ({ name, bit: constant(zmq) }))

/** Reads an option from libzmq. */
export function readOption(target: NativeOptions, option: Option): unknown {
  const value = target.getOption(optionId(option), wireTypes[option.wire])
  if (option.wire === "text") return value === null ? null : (value as Buffer).toString()
  if (option.wire === "flags") {
    return flagBits(option)
      .filter(({ bit }) => ((value as number) & bit) === bit)
      .map(({ name }) => name)
  }
  return option.values === undefined ? value : nameOf(option, value as number)
}

/** Checks a value and writes it to libzmq. */
export function writeOption(target: NativeOptions, option: Option, value: unknown): void {
  const id = optionId(option)
  const type = wireTypes[option.wire]
  if (option.wire === "flags") {
    if (!Array.isArray(value)) throw new TypeError("Option value must be an array of names")
    const known = flagBits(option)
    let bits = 0
    for (const name of value) {
      const flag = known.find((candidate) => candidate.name === name)
      if (flag === undefined) throw notOneOf(Object.keys(option.flags ?? {}), name)
      bits |= flag.bit
    }
    target.setOption(id, type, bits)
  } else if (option.wire === "properties") {
    if (typeof value !== "object") throw new TypeError("Option value must be an object")
    const pairs = Object.entries(value ?? {})
    for (const [name, text] of pairs) {
      if (typeof text !== "string")
        throw new TypeError(`The value of property ${JSON.stringify(name)} must be a string`)
      if (!/^X-[^:]+$/.test(name) || name.length > 255 || text === "") {
        throw new TypeError(
          `Property ${JSON.stringify(name)} must begin with "X-" and contain no colon, and its value must not be empty`,
        )
      }
    }
    for (const [name, text] of pairs) target.setOption(id, type, `${name}:${text}`)
  } else {
    const plain = numberOf(option, value)
    checkValue(option.wire, plain)
    if (option.wire === "curveKey" && typeof plain === "string" && plain !== "" && !hasKeyForm(plain)) {
      // libzmq would take a string of 32 characters for bytes.
      throw errnoError("EINVAL")
    }
    // An empty string stands for null.
    target.setOption(id, type, plain === "" && option.wire !== "bytes" ? null : plain)
  }
}

/** The names of the properties of an object that can be set. */
function settable(target: object): string[] {
  const names: string[] = []
  for (let prototype = target; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (property.set !== undefined) names.push(name)
    }
  }
  return names
}

/** Assigns the options of a constructor, except some names, to the new object, which is sealed. */
export function assignOptions(target: object, options: object, ...except: string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (except.includes(name)) continue
    if (!(name in target)) {
      const hint = suggestion(name, settable(target))
      throw new TypeError(`Cannot add property ${name}, object is not extensible${hint && `. ${hint}`}`)
    }
    try {
      ;(target as Record<string, unknown>)[name] = value
    } catch (error) {
      // The messages are zeromq's, and most do not name the option.
      throw (error as Error).message.includes(name) ? error : Object.assign(error as Error, { option: name })
    }
  }
}
