// What a certificate or password file contains, and who can read and change it.

import { readFileSync, type Stats, statSync } from "node:fs"
import process from "node:process"

import { CommandError } from "../command/exit.js"
import { systemReason } from "../command/reasons.js"

/** What is known about a file. */
export interface Finding {
  readonly file: string
  readonly kind: "certificate" | "secret certificate" | "password file" | "unknown"
  /** Such as "0600". */
  readonly mode: string
  readonly publicKey?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** The users in a password file. */
  readonly users?: readonly string[]
  /** How others can read a secret or change who may connect, and what to do. */
  readonly exposed?: string
  /** What is wrong with the contents. */
  readonly problem?: string
}

/** The bits of a mode that a kind of file must not have, what they would mean, and what removes them. */
const rules = {
  certificate: [0o022, "other users can change it", "chmod go-w"],
  "secret certificate": [0o077, "other users can read or change the secret key", "chmod 600"],
  "password file": [0o027, "its group can change it or others can read it", "chmod 640"],
  unknown: [0, "", ""],
} as const

function exposure(file: string, kind: Finding["kind"], { mode, uid }: Stats): string | undefined {
  if (process.platform === "win32") return undefined
  const [forbidden, what, remedy] = rules[kind]
  if ((mode & forbidden) !== 0) return `${what}; run: ${remedy} ${file}`
  const self = process.getuid?.()
  const isForeign = self !== 0 && uid !== self && uid !== 0
  return isForeign && kind === "secret certificate" ? `it belongs to another user (${uid}), who can read it` : undefined
}

/** The largest file that is looked at. Bytes. */
const LARGEST = 16 << 20

async function inspectPasswords(file: string): Promise<Pick<Finding, "users" | "problem">> {
  const { PasswordFile } = require("../../security/index.js") as typeof import("../../security/index.js")
  using passwords = new PasswordFile(file)
  const problems: string[] = []
  passwords.on("problem", ({ message }) => problems.push(message))
  await passwords.ready
  return { users: passwords.users, ...(problems.length > 0 && { problem: problems.join("; ") }) }
}

/**
 * Looks at a file.
 * @throws {CommandError} if it cannot be read.
 */
export async function inspect(file: string): Promise<Finding> {
  let stats: Stats
  let contents: Buffer
  try {
    stats = statSync(file)
    if (!stats.isFile()) throw new CommandError("it is not a regular file")
    if (stats.size > LARGEST) throw new CommandError(`it has more than ${LARGEST >> 20} MiB`)
    contents = readFileSync(file)
  } catch (error) {
    throw new CommandError(`Cannot read ${file}: ${systemReason(error)}`)
  }
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0")
  const finding = (kind: Finding["kind"], more: Partial<Finding>): Finding => {
    const exposed = exposure(file, kind, stats)
    return { file, kind, mode, ...more, ...(exposed !== undefined && { exposed }) }
  }
  try {
    if (contents.includes(":$scrypt$")) {
      const isExposed = exposure(file, "password file", stats) !== undefined
      return finding("password file", isExposed ? {} : await inspectPasswords(file))
    }
    const { Certificate } = require("../../security/index.js") as typeof import("../../security/index.js")
    using certificate = Certificate.parse(contents)
    const { publicKey, metadata, hasSecretKey } = certificate
    return finding(hasSecretKey ? "secret certificate" : "certificate", { publicKey, metadata })
  } catch (error) {
    const kind = contents.includes("secret-key") ? "secret certificate" : "unknown"
    return finding(kind, { problem: (error as Error).message })
  } finally {
    contents.fill(0)
  }
}
