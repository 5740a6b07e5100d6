// What commands read from a file or from standard input.

import type { Buffer } from "node:buffer"
import { readFileSync } from "node:fs"
import { UsageError } from "../usage.js"

const maxInput = 32 << 20

/** The bytes of a file, or of standard input: "-". */
export function inputOf(option: string, file: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(file === "-" ? 0 : file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(
      `--${option}: Cannot read ${file}: ${code}. Expected the name of a file, or - for standard input`,
    )
  }
  if (bytes.length > maxInput)
    throw new UsageError(`--${option}: ${file} has ${bytes.length} bytes; the limit is ${maxInput}`)
  return bytes
}
