// What a route changes in an event: `set`, then `drop`, then `redact`. What they do not touch stays as it is, byte for byte.

import { Buffer, isUtf8 } from "node:buffer"
import { RE2JS } from "re2js"
import { type AttributeValue, amend, dataBytes, isJsonType, withDataBytes } from "../../events/index.js"
import type { Incoming } from "../components.js"
import type { DataPath } from "./data-path.js"
import type { Expression } from "./expression.js"
import { changeAt, changeStrings, setAt } from "./json-text.js"

const redacted = "[redacted]"
const unlimited = { bytes: Number.POSITIVE_INFINITY }

/** Attributes that say what an event is and how to read it. Steps leave them alone. */
export const fixedAttributes: readonly string[] = [
  "specversion",
  "id",
  "source",
  "datacontenttype",
  "ohmqsender",
  "data_base64",
]
/** Attributes with a syntax of their own, which a redacted text does not have. */
const strictAttributes = new Set([...fixedAttributes, "type", "time", "dataschema", "traceparent", "tracestate"])

/** A new value of an attribute or of something in the data. */
export interface Assignment {
  readonly target: string | DataPath
  readonly expression: Expression
}

/** The steps of a route that change events. */
export interface Changes {
  readonly set: readonly Assignment[]
  readonly drop: readonly DataPath[]
  readonly redactPaths: readonly DataPath[]
  readonly redactPatterns: readonly Pattern[]
}

/**
 * A regular expression in RE2's syntax, which takes linear time whatever the text is: https://github.com/google/re2/wiki/Syntax
 *
 * @throws Error if the text is not one
 */
export function compilePattern(text: string): RE2JS {
  try {
    return RE2JS.compile(text)
  } catch (error) {
    const reason = (error as Error).message.replace("error parsing regexp: ", "")
    throw new Error(`Invalid regular expression (RE2): ${reason}`)
  }
}

/** What to look for in text. */
export class Pattern {
  readonly #pattern: RE2JS

  /** @throws Error if the text is not a regular expression, or matches everywhere */
  constructor(text: string) {
    this.#pattern = compilePattern(text)
    if (this.#pattern.test("")) throw new Error("The pattern matches empty text, so that it would match everywhere")
  }

  redact(text: string): string {
    return this.#pattern.test(text) ? this.#pattern.matcher(text).replaceAll(redacted) : text
  }
}

/** Why an event could not be changed. */
export class ChangeError extends Error {
  override readonly name = "ChangeError"
}

/** Runs a step, and says in its error which it was. */
function step<Result>(name: string, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw new ChangeError(`${name}: ${(error as Error).message}`)
  }
}

/** The data of an event as text, while it is changed. */
class Data {
  readonly #bytes: Buffer | undefined
  readonly #type: string | undefined
  /** What it was, and what it is. */
  readonly #before: string | undefined
  #text: string | undefined
  #isDropped = false

  constructor({ event, frames }: Incoming) {
    this.#bytes = dataBytes(frames)
    this.#type = event.datacontenttype
    if (this.#bytes !== undefined && isUtf8(this.#bytes)) this.#before = this.#bytes.toString("utf8")
    this.#text = this.#before
  }

  get #isJson(): boolean {
    return isJsonType(this.#type)
  }

  /** The data as JSON. Undefined if there is none. */
  #json(): string | undefined {
    if (this.#bytes === undefined || this.#isDropped) return this.#text
    try {
      if (this.#isJson && this.#text !== undefined) {
        // Bytes of a third frame are checked by nobody else.
        if (this.#text === this.#before) JSON.parse(this.#text)
        return this.#text
      }
    } catch {}
    throw new Error(`The data (${this.#type ?? "application/json"}) is not JSON, so that nothing in it can be found`)
  }

  set({ segments }: DataPath, value: unknown): void {
    if (this.#bytes === undefined && !this.#isJson) throw new Error(`The data has the type ${this.#type}, not JSON`)
    const json = JSON.stringify(value)
    this.#text = segments.length === 0 && this.#isJson ? json : setAt(this.#json(), segments, json)
    this.#isDropped = false
  }

  drop({ segments }: DataPath): void {
    if (segments.length === 0) {
      this.#text = undefined
      this.#isDropped = true
      return
    }
    const json = this.#json()
    if (json !== undefined) this.#text = changeAt(json, segments, () => undefined)
  }

  redact({ segments }: DataPath): void {
    if (this.#isDropped || (this.#bytes === undefined && this.#text === undefined)) return
    if (segments.length === 0) {
      this.#text = this.#isJson ? JSON.stringify(redacted) : redacted
      return
    }
    const json = this.#json()
    if (json !== undefined) this.#text = changeAt(json, segments, () => JSON.stringify(redacted))
  }

  redactText(redact: (text: string) => string): void {
    if (this.#isDropped || (this.#bytes === undefined && this.#text === undefined)) return
    if (this.#text === undefined) throw new Error(`The data (${this.#type}) is not text, so that it cannot be searched`)
    if (!this.#isJson) this.#text = redact(this.#text)
    else this.#text = changeStrings(this.#json() ?? "", redact)
  }

  /** The frames with this data. The same ones, if nothing has changed. */
  into(frames: readonly Uint8Array[]): readonly Uint8Array[] {
    if (!this.#isDropped && this.#text === this.#before) return frames
    if (this.#isDropped && this.#bytes === undefined) return frames
    return withDataBytes(frames, this.#isDropped || this.#text === undefined ? undefined : Buffer.from(this.#text))
  }
}

/**
 * The frames of an event as a route leaves it: the same ones, if no step changes anything.
 *
 * @throws {@link ChangeError} if a step cannot be carried out
 */
export function change(changes: Changes, incoming: Incoming): readonly Uint8Array[] {
  const data = new Data(incoming)
  const attributes: Record<string, AttributeValue | null> = {}
  // All see the event as it came.
  for (const { target, expression } of changes.set) {
    const name = typeof target === "string" ? target : target.text
    step(`set ${name}`, () => {
      const value = expression.valueFor(incoming)
      if (typeof target !== "string") data.set(target, value)
      else {
        // Checks the value.
        amend(incoming.frames, { [target]: value as AttributeValue | null }, unlimited)
        attributes[target] = value as AttributeValue | null
      }
    })
  }
  for (const path of changes.drop) step(`drop ${path.text}`, () => data.drop(path))
  for (const path of changes.redactPaths) step(`redact ${path.text}`, () => data.redact(path))
  if (changes.redactPatterns.length > 0) {
    const redact = (text: string) => changes.redactPatterns.reduce((before, pattern) => pattern.redact(before), text)
    step("redact patterns", () => {
      data.redactText(redact)
      redactAttributes(incoming, attributes, redact)
    })
  }
  const frames = Object.keys(attributes).length === 0 ? incoming.frames : amend(incoming.frames, attributes, unlimited)
  return data.into(frames)
}

/** Adds to the changes of attributes those that the patterns make. */
function redactAttributes(
  { event }: Incoming,
  changes: Record<string, AttributeValue | null>,
  redact: (text: string) => string,
): void {
  const { data: _, ...attributes } = event
  for (const [name, value] of Object.entries({ ...attributes, ...changes })) {
    if (typeof value !== "string") continue
    const after = redact(value)
    if (after === value) continue
    if (strictAttributes.has(name)) throw new Error(`The attribute "${name}" matches, and cannot be replaced`)
    changes[name] = after
  }
}
