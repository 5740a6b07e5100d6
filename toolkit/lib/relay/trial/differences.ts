// How an event differs from what a test expects of it.

import { isMap } from "../../config/index.js"

/** What is not as expected, and where. */
export interface Difference {
  path: PropertyKey[]
  message: string
}

/** A value in a message. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing"
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/**
 * The differences between a value and what is expected of it. A map may have more members than expected, a list may not. Nothing (`null`)
 * expects that there is no such member, or that it is null.
 */
export function differences(expected: unknown, actual: unknown, path: readonly PropertyKey[] = []): Difference[] {
  if (isMap(expected) && isMap(actual))
    return Object.entries(expected).flatMap(([name, value]) =>
      differences(value, Object.hasOwn(actual, name) ? actual[name] : undefined, [...path, name]),
    )
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length)
    return expected.flatMap((value, index) => differences(value, actual[index], [...path, index]))
  const isSame = expected === actual || (expected === null && actual === undefined)
  return isSame ? [] : [{ path: [...path], message: `Expected ${shown(expected)} but received ${shown(actual)}` }]
}
