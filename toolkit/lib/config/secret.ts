// Secrets, which a configuration refers to and never contains.

import { readFileSync, statSync } from "node:fs"
import { resolve } from "node:path"
import process from "node:process"
import { inspect } from "node:util"
import { z } from "zod"
import { oneOrMore, textShapes } from "./shapes.js"

/** Where secrets are looked for. */
export interface SecretPlaces {
  /** The folder that files are relative to. */
  folder: string
  env: Readonly<Record<string, string | undefined>>
}

/** A secret. Its value appears in no log, error or inspection; `reveal` gives it. */
export class Secret {
  readonly reference: string
  #value: string | undefined

  constructor(reference: string) {
    this.reference = reference
  }

  /** Looks the value up. Returns what is wrong, if it cannot be used. */
  resolve({ folder, env }: SecretPlaces): string | undefined {
    const [, scheme, name = ""] = /^(env|file):(.*)$/s.exec(this.reference) ?? []
    if (scheme === "env") {
      const value = env[name]
      if (value === undefined || value === "")
        return `The environment variable ${name} is ${value === "" ? "empty" : "not set"}`
      this.#value = value
      return undefined
    }
    const path = resolve(folder, name)
    try {
      const stats = statSync(path)
      if (!stats.isFile()) return `${name} is not a regular file`
      if (process.platform !== "win32" && (stats.mode & 0o077) !== 0)
        return `Others than its owner may read or write ${name}. Run: chmod 600 ${name}`
      const value = readFileSync(path, "utf8").replace(/\r?\n$/, "")
      if (value === "") return `${name} is empty`
      this.#value = value
      return undefined
    } catch (error) {
      return `Cannot read ${name}: ${(error as NodeJS.ErrnoException).code}`
    }
  }

  reveal(): string {
    if (this.#value === undefined) throw new Error(`The secret ${this.reference} was not resolved`)
    return this.#value
  }

  toString(): string {
    return `[secret ${this.reference}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

// Whatever was written is not repeated: it may be the secret itself.
const expected = "Expected a secret as env:NAME or file:PATH. Secrets do not belong in the configuration itself"

/** A secret: `env:NAME` or `file:PATH`. */
export const secret = () =>
  z
    .string({ error: expected })
    .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, expected)
    .register(textShapes, { name: "secret" })
    .transform((reference) => new Secret(reference))

/** One secret, or several while one replaces another. */
export const secrets = () => oneOrMore(secret(), expected)

/** Resolves all secrets in a value, and reports each that cannot be. */
export function resolveSecrets(
  value: unknown,
  places: SecretPlaces,
  report: (path: PropertyKey[], message: string) => void,
  path: PropertyKey[] = [],
): void {
  if (value instanceof Secret) {
    const problem = value.resolve(places)
    if (problem !== undefined) report(path, problem)
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      resolveSecrets(member, places, report, [...path, Array.isArray(value) ? Number(key) : key])
    }
  }
}
