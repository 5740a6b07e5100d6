// The deliveries that a relay has stored, by their identifiers: read from its files, whether it runs or not.

import { Buffer } from "node:buffer"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { readFacts } from "../../store/index.js"
import { decodeTag } from "../intake/tags.js"

/** The identifiers of all deliveries that a relay's store knows, whichever source took them. */
export function storedDeliveries(folder: string): Set<string> {
  const known = new Set<string>()
  // The relay has not run yet.
  if (!existsSync(folder)) return known
  const from = () => 1
  readFacts(folder, {
    from,
    onEntry: ({ gap, frames }) => {
      const delivery = gap ? undefined : decodeTag(frames[0]).delivery
      if (delivery !== undefined) known.add(delivery)
    },
  })
  // What is not in the store any more is still known for three days.
  const notes = join(folder, "deliveries")
  if (!existsSync(notes)) return known
  readFacts(notes, {
    from,
    onEntry: ({ gap, frames }) => {
      const [, key] = gap ? [] : (JSON.parse(Buffer.from(frames[0] ?? []).toString()) as [number, string?])
      if (key !== undefined) known.add(key.slice(key.indexOf(" ") + 1))
    },
  })
  return known
}
