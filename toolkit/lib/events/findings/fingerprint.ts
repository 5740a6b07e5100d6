// What stays the same about a finding when it is found again.

import { createHash } from "node:crypto"
import { type Json, objectIn, objectsIn, textIn } from "./sarif.js"

const collapse = (text: string) => text.replace(/\s+/g, " ").trim()

/** The values of an object in the order of their names, each with its name. */
const sorted = (object: Json): string[] =>
  Object.keys(object)
    .sort()
    .map((name) => `${name}=${String(object[name])}`)

/** What identifies the place without its line, which changes with every line that is added above it. */
function placeOf(result: Json): string {
  const location = objectsIn(result, "locations")[0]
  const snippet = textIn(objectIn(objectIn(objectIn(location, "physicalLocation"), "region"), "snippet"), "text")
  const names = objectsIn(location, "logicalLocations").map(
    (logical) => textIn(logical, "fullyQualifiedName") ?? textIn(logical, "name"),
  )
  return [...names, snippet === undefined ? "" : collapse(snippet)].join("\n")
}

/**
 * Gives the results of a log their fingerprints: 128 bits of SHA-256, in hexadecimal, over the tool, the rule, the file and, whichever is first there:
 * SARIF's `correlationGuid`; its `fingerprints` and `partialFingerprints` (SARIF 2.1.0, sections 3.27.4, 3.27.16 and 3.27.17); the
 * code and the message. Lines are left out. Results that are alike in all this are counted, in their order.
 */
export class Fingerprints {
  readonly #seen = new Map<string, number>()

  /** The fingerprint of the next result, which is resolved. */
  next(tool: string, result: Json, uri: string, message: string): string {
    const given = textIn(result, "correlationGuid")
    const named = [...sorted(objectIn(result, "fingerprints")), ...sorted(objectIn(result, "partialFingerprints"))]
    const basis = given
      ? ["guid", given]
      : named.length > 0
        ? ["named", ...named]
        : ["computed", placeOf(result), collapse(message)]
    const whole = JSON.stringify([tool, textIn(result, "ruleId") ?? "", uri, ...basis])
    const count = this.#seen.get(whole) ?? 0
    this.#seen.set(whole, count + 1)
    return createHash("sha256")
      .update(count === 0 ? whole : `${whole}#${count}`)
      .digest("hex")
      .slice(0, 32)
  }
}
