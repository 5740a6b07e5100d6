// Base64 as the formats of C2SP have it: RFC 4648, section 4, with padding.

import { Buffer } from "node:buffer"

/** The bytes, or undefined if an encoder would not have written this. Node ignores what is invalid. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64")
  return bytes.toString("base64") === text ? bytes : undefined
}
