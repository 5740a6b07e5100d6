// Messages as JSON lines: what --output json writes can be sent again.

import { Buffer } from "node:buffer"

import { CommandError } from "../command/exit.js"
import { visible } from "../output/formats.js"

const wrong = (line: number, problem: string) =>
  new CommandError(`Line ${line} of the input: ${problem}. Expected a line such as {"parts": ["topic", "text"]}`)

function partOf(part: unknown, line: number): string | Buffer {
  if (typeof part === "string") return part
  if (typeof part === "object" && part !== null) {
    const { base64 } = part as { base64?: unknown }
    if (typeof base64 === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return Buffer.from(base64, "base64")
  }
  throw wrong(line, 'a part is neither a string nor {"base64": "..."}')
}

/**
 * The parts of a message: those of an object with `parts`, of an array, or a string alone. A `group` or `routingId` of the object comes
 * first.
 */
export function parseJsonLine(text: string, line: number): (string | Buffer)[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // It quotes what is wrong, which may control a terminal.
    throw wrong(line, visible((error as Error).message))
  }
  if (typeof value === "string") return [value]
  const { parts = value, group, routingId } = (value ?? {}) as { parts?: unknown; group?: unknown; routingId?: unknown }
  if (!Array.isArray(parts) || parts.length === 0) throw wrong(line, "it has no parts")
  const list = parts.map((part: unknown) => partOf(part, line))
  if (group !== undefined) list.unshift(partOf(group, line))
  if (typeof routingId === "number") list.unshift(String(routingId))
  return list
}
