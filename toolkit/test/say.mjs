// For programs that are killed: what they say is written when this returns.

import { writeSync } from "node:fs"

/** Writes a text to stdout. */
export function say(text) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      // The reader is behind.
      if (error.code !== "EAGAIN") throw error
    }
  }
}
