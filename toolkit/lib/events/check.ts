// Checks of events, for what programs make and for what comes in.

import { isUint8Array } from "node:util/types"
import { EventError, quote } from "./error.js"
import { type Event, senderAttribute, specversion } from "./event.js"
import { isJson, isMediaType, isName, isString, isTime, isUri } from "./syntax.js"

/** What an event may be at most. */
export interface Limits {
  /** All frames together, in bytes: 1 MiB unless set. */
  readonly bytes: number
  /** How deep the envelope may be nested: 64 unless set. The envelope itself is the first level. */
  readonly levels: number
}

/** The limits of an event, unless others are given. */
export const defaultLimits: Limits = { bytes: 1024 * 1024, levels: 64 }

export const limitsOf = (limits: Partial<Limits> | undefined): Limits =>
  limits ? { ...defaultLimits, ...limits } : defaultLimits

const textOnly = new Set(
  "id source type specversion time subject datacontenttype dataschema traceparent tracestate partitionkey ohmqsender".split(
    " ",
  ),
)

const fail = (name: string, expected: string, value: unknown): never => {
  const came = typeof value === "string" ? quote(value) : value === null ? "null" : describe(value)
  throw new EventError("attribute-value", `Attribute "${name}" must be ${expected}; it is ${came}`)
}

function describe(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  return Array.isArray(value) ? "an array" : `of type ${typeof value}`
}

/** Checks one attribute, which is not null. Throws an {@link EventError}. */
export function checkAttribute(name: string, value: unknown): void {
  if (!isName(name))
    throw new EventError(
      "attribute-name",
      `Attribute name ${quote(name)} must have the characters a-z and 0-9 only${name === "data" ? "" : ", at least one"}`,
    )
  if (typeof value !== "string") {
    checkNoText(name, value)
    return
  }
  if (value === "" && textOnly.has(name)) fail(name, "a string that is not empty", value)
  if (!isString(value)) fail(name, "a string without control characters, lone surrogates and noncharacters", value)
  checkSyntax(name, value)
}

function checkSyntax(name: string, value: string): void {
  switch (name) {
    case "source":
      if (!isUri(value, false)) fail(name, "a URI reference (RFC 3986)", value)
      break
    case "dataschema":
      if (!isUri(value, true)) fail(name, "a URI with a scheme (RFC 3986)", value)
      break
    case "time":
      if (!isTime(value)) fail(name, "a time such as 2026-01-31T12:00:00Z (RFC 3339)", value)
      break
    case "datacontenttype":
      if (!isMediaType(value)) fail(name, "a media type such as application/json (RFC 2045)", value)
      break
    case "specversion":
      if (value !== specversion)
        throw new EventError("specversion", `Attribute "specversion" must be "1.0"; it is ${quote(value)}`)
  }
}

function checkNoText(name: string, value: unknown): void {
  if (textOnly.has(name)) fail(name, "a string", value)
  if (typeof value === "boolean") return
  if (typeof value !== "number") fail(name, "a string, a boolean or an integer", value)
  // Also refuses NaN, infinities and fractions.
  if ((value as number | 0) !== ((value as number) | 0)) fail(name, "an integer of 32 bits", value)
}

export function checkRequired(attributes: { readonly [name: string]: unknown }): void {
  for (const name of ["specversion", "id", "source", "type"]) {
    if (attributes[name] === undefined || attributes[name] === null)
      throw new EventError("missing-attribute", `The event has no attribute "${name}"`)
  }
}

/** Checks that data of a type that is not JSON is text. */
export function checkDataType(contentType: string | undefined, data: unknown): void {
  if (typeof data === "string" || isJson(contentType)) return
  throw new EventError(
    "data-invalid",
    `Data of the type ${quote(contentType ?? "")} must be a string or bytes; it is ${data === null ? "null" : describe(data)}`,
  )
}

/**
 * Checks that JSON can express a value without loss, and how deep it is. It visits no more nodes than an event can have bytes, so a value
 * that refers to itself, or to one value very often, ends as well.
 */
export function checkJson(data: unknown, limits: Limits): void {
  let nodes = 0
  const visit = (value: unknown, path: string, level: number): void => {
    if (++nodes > limits.bytes)
      throw new EventError("too-large", `The data has more values than the event may have bytes (${limits.bytes})`)
    if (value === null || typeof value === "string" || typeof value === "boolean") return
    if (typeof value === "number") {
      if (!Number.isFinite(value)) throw new EventError("data-invalid", `${path} is ${value}; numbers must be finite`)
      return
    }
    if (typeof value !== "object")
      throw new EventError("data-invalid", `${path} is of type ${typeof value}, which JSON cannot express`)
    if (level > limits.levels)
      throw new EventError("too-deep", `The event is nested deeper than ${limits.levels} levels`)
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) visit(value[index], `${path}[${index}]`, level + 1)
      return
    }
    const kind = Object.prototype.toString.call(value).slice(8, -1)
    if (kind !== "Object" || typeof (value as { toJSON?: unknown }).toJSON === "function")
      throw new EventError("data-invalid", `${path} is a ${kind}; data must be plain objects, arrays and simple values`)
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) visit(member, `${path}.${key}`, level + 1)
    }
  }
  visit(data, "data", 2)
}

/**
 * Checks an event that a program has made, and returns it without the attributes that are null or undefined. Throws an {@link EventError}.
 * `ohmqsender` is refused: only receivers set it.
 */
export function checkEvent(value: unknown, limits?: Partial<Limits>): Event {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new EventError("not-object", "An event must be an object")
  const event: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || (member === null && name !== "data")) continue
    if (name === senderAttribute)
      throw new EventError("reserved-attribute", `Attribute "${senderAttribute}" is set by receivers only`)
    if (name !== "data") checkAttribute(name, member)
    event[name] = member
  }
  checkRequired(event)
  const { data, datacontenttype } = event
  if (data !== undefined && !isUint8Array(data)) {
    checkDataType(datacontenttype as string | undefined, data)
    checkJson(data, limitsOf(limits))
  }
  return event as unknown as Event
}
