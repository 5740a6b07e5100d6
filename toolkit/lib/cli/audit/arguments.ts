// Arguments that commands of `ohmq audit` have in common.

import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { AuditError } from "../../audit/index.js"
import { UsageError } from "../usage.js"

/** The first argument, which is required. */
export function required(positionals: readonly string[], name: string, index = 0): string {
  const value = positionals[index]
  if (value === undefined) throw new UsageError(`Expected ${name}`)
  return value
}

/** The content of a file that an option names. */
export function fileOf(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    throw new UsageError(`${option}: Cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** Public keys: as they are, or files with one a line. */
export function keysOf(option: string, values: readonly string[] = []): string[] {
  return values.flatMap((value) =>
    /^[^+\s]+\+[0-9a-f]{8}\+\S+$/.test(value)
      ? [value]
      : fileOf(option, value)
          .split("\n")
          .filter((line) => line.trim() !== ""),
  )
}

/** The keys of `--key`, or those beside a log, for commands that need no trust. */
export function ownKeys(folder: string, values: readonly string[] | undefined): string[] {
  if (values !== undefined) return keysOf("--key", values)
  const path = join(folder, "key.pub")
  if (!existsSync(path)) throw new UsageError(`${folder} has no key.pub. Give the public key of the log: --key PUBLIC`)
  return keysOf("--key", [path])
}

/** A number of an entry. */
export function indexOf(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const index = /^\d{1,15}$/.test(value) ? Number(value) : undefined
  if (index === undefined) throw new UsageError(`${option}: Expected a number of an entry, but received "${value}"`)
  return index
}

/** An address such as 127.0.0.1:8081. */
export function addressOf(value: string): { host: string; port: number } {
  const [, six, four, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(value) ?? []
  const host = six ?? four
  if (host === undefined || Number(port) > 65_535)
    throw new UsageError(`--listen: Expected an address such as 127.0.0.1:8081, but received "${value}"`)
  return { host, port: Number(port) }
}

/** A wrong option is wrong usage. */
export async function asUsage<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof AuditError && error.code === "INVALID" ? new UsageError(error.message) : error
  }
}
