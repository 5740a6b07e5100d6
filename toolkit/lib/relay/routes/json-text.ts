// Changes of JSON text that leave all that they do not touch as it is, byte for byte: numbers keep their digits, and strings their escapes.
// All text here is valid JSON. Of members with one name, each is changed: which of them a reader takes is up to the reader.

import { any, type Segment } from "./data-path.js"

const isBlank = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

function skipBlanks(text: string, from: number): number {
  let at = from
  while (isBlank(text.charCodeAt(at))) at++
  return at
}

/** Where a string ends that starts here. */
function stringEnd(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1)
    let escapes = end
    while (text[escapes - 1] === "\\") escapes--
    if ((end - escapes) % 2 === 0) return end + 1
  }
}

/** Where a value ends that starts here. */
function valueEnd(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (character === '"') {
      at = stringEnd(text, at) - 1
      if (depth === 0) return at + 1
    } else if (character === "{" || character === "[") depth++
    else if (character === "}" || character === "]") {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (character === "," || isBlank(text.charCodeAt(at)))) return at
  }
  return text.length
}

/** A member of an object or an element of a list. */
interface Child {
  /** The name, or the index. */
  readonly key: string
  /** The name as it is written, with its colon. Empty in a list. */
  readonly head: string
  readonly value: string
}

/** The children of an object or a list. Undefined if the text is neither. */
function childrenOf(text: string): Child[] | undefined {
  const start = skipBlanks(text, 0)
  const isMap = text[start] === "{"
  if (!isMap && text[start] !== "[") return undefined
  const children: Child[] = []
  let at = skipBlanks(text, start + 1)
  while (text[at] !== "}" && text[at] !== "]") {
    let key = String(children.length)
    let from = at
    if (isMap) {
      const end = stringEnd(text, at)
      key = JSON.parse(text.slice(at, end)) as string
      from = skipBlanks(text, text.indexOf(":", end) + 1)
    }
    const end = valueEnd(text, from)
    children.push({ key, head: text.slice(at, from), value: text.slice(from, end) })
    at = skipBlanks(text, end)
    if (text[at] === ",") at = skipBlanks(text, at + 1)
  }
  return children
}

const join = (text: string, children: readonly Child[]): string => {
  const body = children.map(({ head, value }) => head + value).join(",")
  return text.trimStart().startsWith("{") ? `{${body}}` : `[${body}]`
}

/** Changes a value. Undefined removes it. */
export type Change = (value: string) => string | undefined

/** Changes all values at a path. Where there are none, nothing changes. */
export function changeAt(text: string, path: readonly Segment[], change: Change): string | undefined {
  const [segment, ...rest] = path
  if (segment === undefined) return change(text)
  const children = childrenOf(text)
  if (children === undefined) return text
  let isChanged = false
  const kept = children.flatMap((child) => {
    if (segment !== any && segment !== child.key) return [child]
    const value = changeAt(child.value, rest, change)
    if (value === child.value) return [child]
    isChanged = true
    return value === undefined ? [] : [{ ...child, value }]
  })
  return isChanged ? join(text, kept) : text
}

/**
 * Sets the value at a path. Maps that are missing on the way are made.
 *
 * @throws Error if something on the way is neither a map nor an element that is there
 */
export function setAt(text: string | undefined, path: readonly Segment[], value: string): string {
  const [segment, ...rest] = path
  if (segment === undefined) return value
  const children = text === undefined ? [] : childrenOf(text)
  const key = String(segment)
  if (children === undefined) throw new Error(`There is no map that "${key}" could be in`)
  if (!children.some((child) => child.key === key)) {
    if (text?.trimStart().startsWith("[")) throw new Error(`There is no element ${key}`)
    const added = { key, head: `${JSON.stringify(key)}:`, value: setAt(undefined, rest, value) }
    return join(text ?? "{", [...children, added])
  }
  const changed = children.map((child) =>
    child.key === key ? { ...child, value: setAt(child.value, rest, value) } : child,
  )
  return join(text ?? "{", changed)
}

/** Changes every string, names of members included, at any depth. */
export function changeStrings(text: string, change: (text: string) => string): string {
  let changed = ""
  let copied = 0
  for (let start = text.indexOf('"'); start >= 0; ) {
    const end = stringEnd(text, start)
    const before = JSON.parse(text.slice(start, end)) as string
    const after = change(before)
    if (after !== before) {
      changed += text.slice(copied, start) + JSON.stringify(after)
      copied = end
    }
    start = text.indexOf('"', end)
  }
  return changed + text.slice(copied)
}
