// The version of a store's files.

import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from "node:fs"
import { join } from "node:path"
import { StoreError, systemError } from "./log/errors.js"
import { syncFolder } from "./log/file-system.js"

/** The version that this program writes. */
export const FORMAT_VERSION = 1
const NAME = "format"

/** Turns a store of one version into the next one. It may be killed at any time, and is then called again. */
export type Migration = (folder: string) => void

/** The migration from each old version: an entry per version below FORMAT_VERSION. */
const migrations: Readonly<Record<number, Migration>> = {}

function writeVersion(folder: string, version: number): void {
  const path = join(folder, NAME)
  const file = openSync(`${path}.new`, "w", 0o600)
  try {
    writeSync(file, `${JSON.stringify({ format: "ohmq-store", version })}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  syncFolder(folder)
}

/** The version of the store in a folder, or undefined if there is none. */
export function readVersion(folder: string): number | undefined {
  const path = join(folder, NAME)
  if (!existsSync(path)) return undefined
  let content: { format?: unknown; version?: unknown }
  try {
    content = JSON.parse(readFileSync(path, "utf8"))
  } catch (error) {
    const hint = "Restore it from a backup, or choose another folder for the store"
    throw new StoreError("UNKNOWN_FORMAT", `${path} cannot be read as JSON. ${hint}`, error)
  }
  if (content?.format !== "ohmq-store" || !Number.isInteger(content.version)) {
    throw new StoreError(
      "UNKNOWN_FORMAT",
      `${path} is not the format file of a store. Choose another folder for the store`,
    )
  }
  return content.version as number
}

/** Makes sure that the folder has the current version: a new store gets it, an old one is migrated, anything else is refused. */
export function ensureFormat(folder: string, target = FORMAT_VERSION, steps = migrations, isNew = false): void {
  try {
    let version = readVersion(folder)
    if (version === undefined) {
      const found = readdirSync(folder).find((name) => !/^(owner|claim)\.|^format\.new$|^lost\+found$/.test(name))
      if (found !== undefined && !isNew) {
        throw new StoreError(
          "UNKNOWN_FORMAT",
          `${folder} has files (${found}) but no store. Choose an empty folder for the store, or restore its file "${NAME}" from a backup`,
        )
      }
      writeVersion(folder, target)
      return
    }
    for (; version < target; version++) {
      const step = steps[version]
      if (step === undefined) break
      step(folder)
      writeVersion(folder, version + 1)
    }
    if (version !== target) {
      throw new StoreError(
        "UNKNOWN_FORMAT",
        `${folder} has format version ${version}, and this version of ohmq-toolkit reads ${target}. ` +
          (version > target ? "Install a newer ohmq-toolkit" : "Migrate it with an older ohmq-toolkit first"),
      )
    }
  } catch (error) {
    throw systemError(error, folder)
  }
}
