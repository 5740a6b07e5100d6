// Test data: texts with {{count}}, {{time}}, {{unix}}, {{uuid}} and {{random SIZE}}.

import { randomBytes, randomUUID } from "node:crypto"

import { suggestion } from "../../base/spelling.js"
import { UsageError } from "../command/exit.js"
import { size } from "../command/values.js"

/** A text for the message of a number, counted from 1. */
export type Template = (number: number) => string

/** The most random characters, in bytes. */
const LARGEST = 64 * 1024 ** 2

const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/** Letters and digits; their values are not quite equally likely. */
const randomText = (length: number) =>
  Array.from(randomBytes(length), (byte) => characters[byte % characters.length]).join("")

const fields: Record<string, Template> = {
  count: String,
  time: () => new Date().toISOString(),
  unix: () => String(Date.now()),
  uuid: () => randomUUID(),
}

function fieldOf(text: string): Template {
  const [name = "", argument, ...more] = text.trim().split(/\s+/)
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field !== undefined && argument === undefined) return field
  if (name === "random" && argument !== undefined && more.length === 0) {
    const length = size(argument)
    if (length > LARGEST) throw new UsageError(`{{${text}}} is too large. Expected at most 64Mi; --file sends more.`)
    return () => randomText(length)
  }
  const known = [...Object.keys(fields), "random"]
  const hint = name === "random" ? "Expected a size, such as {{random 100}}." : suggestion(name, known)
  throw new UsageError(`Unknown template {{${text}}}. ${hint} --no-template sends it as it is.`.replaceAll("  ", " "))
}

/** Compiles a text. */
export function compileTemplate(text: string): Template {
  const pieces = text.split(/\{\{(.*?)\}\}/s)
  if (pieces.length === 1) return () => text
  const makers = pieces.map((piece, index): Template => (index % 2 === 0 ? () => piece : fieldOf(piece)))
  return (number) => makers.map((make) => make(number)).join("")
}
