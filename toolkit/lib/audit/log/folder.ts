// The files of a log beside its tiles, and what is checked when they are read.

import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { AuditError, auditError } from "../error.js"
import { SignerKey } from "../notes/keys.js"
import { replaceFile } from "./files.js"

/** Where things are in the folder of a log. */
export const names = {
  /** The private keys, one a line. All of them sign. */
  key: "key",
  /** Their public keys. */
  publicKey: "key.pub",
  /** The witnesses, as https://c2sp.org/tlog-policy has it. */
  policy: "policy",
  /** What was decided to be signed last. */
  head: "head",
  /** What each witness has cosigned last. */
  cosigned: "cosigned",
  /** Entries that are on disk, and not yet in a checkpoint. */
  journal: "journal",
  /** What is served. */
  served: "public",
} as const

/** A sealed log. */
export interface Previous {
  origin: string
  size: number
  /** In Base64. */
  root: string
}

/** The tree that the log is about to sign, or has signed: it is on disk before any signature over it is. */
export interface Head {
  /** The version of this format. */
  version: 1
  origin: string
  size: number
  /** In Base64. */
  root: string
  /** The time of the last record, in milliseconds since 1970. */
  time: number
  /** The public keys that the entries of the log have announced. */
  keys: string[]
  /** The sealed log that this one goes on from. */
  previous?: Previous
}

/** The head of a log. Undefined if the folder has no log. */
export function readHead(folder: string): Head | undefined {
  const path = join(folder, names.head)
  if (!existsSync(path)) return undefined
  let head: Head
  try {
    head = JSON.parse(readFileSync(path, "utf8")) as Head
  } catch (error) {
    throw new AuditError(
      "DAMAGED",
      `${path} cannot be read: ${(error as Error).message}. Restore the folder from a backup`,
      error,
    )
  }
  if (head?.version !== 1)
    throw new AuditError(
      "UNKNOWN_FORMAT",
      `${path} is of an unknown version. Use the version of ohmq-toolkit that wrote it`,
    )
  return head
}

/** Puts the head on disk. */
export const writeHead = (folder: string, head: Head): void =>
  replaceFile(join(folder, names.head), `${JSON.stringify(head)}\n`, 0o600)

/**
 * The private keys of a log.
 *
 * @param given The keys, if they are not in the folder.
 * @throws AuditError `INVALID` or `NOT_FOUND`.
 */
export function readKeys(folder: string, given: string | undefined): SignerKey[] {
  const text = given ?? readKeyFile(join(folder, names.key))
  const keys = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => SignerKey.parse(line))
  if (keys.length === 0) throw new AuditError("INVALID", `${join(folder, names.key)} has no key`)
  const origin = keys[0]?.verifier.name
  for (const { verifier } of keys) {
    if (verifier.use !== "log")
      throw new AuditError("INVALID", `The key of ${verifier.name} is that of a witness. Expected the key of a log`)
    if (verifier.name !== origin)
      throw new AuditError("INVALID", `The keys of a log have one name, but these have ${origin} and ${verifier.name}`)
  }
  return keys
}

/** Reads a private key that its owner only may read. */
export function readKeyFile(path: string): string {
  try {
    const { mode } = statSync(path)
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new AuditError("INVALID", `Others than its owner may read or write ${path}. Run: chmod 600 ${path}`)
    return readFileSync(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new AuditError(
        "NOT_FOUND",
        `${path} is missing. Expected the private key, as \`ohmq audit init\` writes it`,
      )
    throw auditError(error, path)
  }
}

/** Writes private keys, and their public keys beside them. */
export function writeKeys(folder: string, keys: readonly SignerKey[]): void {
  replaceFile(join(folder, names.key), keys.map((key) => `${key.reveal()}\n`).join(""), 0o600)
  replaceFile(join(folder, names.publicKey), keys.map(({ verifier }) => `${verifier}\n`).join(""))
}
