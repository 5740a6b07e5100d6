// Creating and opening a log.

import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { makeFolder, refuseNetworkFileSystem } from "../../store/log/file-system.js"
import { Owner } from "../../store/owner.js"
import { AuditError, auditError } from "../error.js"
import { openCheckpoint } from "../notes/checkpoint.js"
import { checkName, SignerKey } from "../notes/keys.js"
import { parsePolicy } from "../notes/policy.js"
import { emptyRoot, leafHash } from "../tree/hashes.js"
import { TILE_WIDTH } from "../tree/layout.js"
import { Tiles } from "../tree/tiles.js"
import { Cosigning } from "../witness/cosigning.js"
import { AuditLog } from "./audit-log.js"
import { makeServedFolder } from "./files.js"
import { type Head, names, type Previous, readHead, readKeys, writeHead, writeKeys } from "./folder.js"
import { Publication } from "./publication.js"
import { Seal } from "./seal.js"

const MAX_DELAY = 900

const schema = z.strictObject({
  key: z.string().optional(),
  delay: z.int().min(1).max(MAX_DELAY).default(100),
  maxAhead: z
    .number()
    .min(0)
    .or(z.literal(Number.POSITIVE_INFINITY))
    .default(5 * 60_000),
  policy: z.string().optional(),
  onProblem: z.custom<(message: string) => void>((value) => typeof value === "function").optional(),
})

/** Options of `openAuditLog`. */
export interface AuditLogOptions {
  /** The private keys, one a line, if they are not in the file `key` of the folder. */
  key?: string
  /** How long after an entry the checkpoint is made, in milliseconds, 1 to 900. Default 100. */
  delay?: number
  /** How far the time of a record may be ahead of this machine's clock, in milliseconds: later ones would be back-dated. Default 5 minutes. */
  maxAhead?: number
  /** The witnesses, as https://c2sp.org/tlog-policy has them. Default: the file `policy` of the folder, if it is there. */
  policy?: string
  /** Is told what does not stop the log, such as a witness that cannot be reached. */
  onProblem?: (message: string) => void
}

/** How a new log begins. */
export interface NewLogOptions {
  /** Its name, a URL without scheme by convention, such as `audit.example.com/prod`: the first line of its checkpoints. */
  name: string
  /** The folder of a sealed log, which the new one goes on from: its first entry names that log's last size and root. */
  after?: string
}

/**
 * Creates a log in a folder, which must not have one: its key, and a first checkpoint.
 *
 * @returns Its public key.
 * @throws AuditError `INVALID` if the folder has a log or the name cannot be one; `READ_ONLY`, `DISK_FULL`.
 */
export async function createAuditLog(folder: string, { name, after }: NewLogOptions): Promise<string> {
  checkName(name)
  const previous = after === undefined ? undefined : readSealed(after, name)
  try {
    makeFolder(folder)
    refuseNetworkFileSystem(folder)
    const owner = await Owner.claim(folder)
    let key: string
    try {
      if (existsSync(join(folder, names.head)))
        throw new AuditError("INVALID", `${folder} has an audit log already. Choose another folder`)
      key = String(firstKey(folder, name).verifier)
      makeServedFolder(join(folder, names.served))
      // Last: with the head, it is a log.
      writeHead(folder, {
        version: 1,
        origin: name,
        size: 0,
        root: emptyRoot.toString("base64"),
        time: 0,
        keys: [key],
        ...(previous !== undefined && { previous }),
      })
    } finally {
      await owner.release()
    }
    await (await openAuditLog(folder)).close()
    return key
  } catch (error) {
    throw auditError(error, folder)
  }
}

/** The key of a new log: one that was put there, or was left behind by a process that ended too early, or a new one. */
function firstKey(folder: string, name: string): SignerKey {
  if (!existsSync(join(folder, names.key))) {
    const key = SignerKey.generate(name, "log")
    writeKeys(folder, [key])
    return key
  }
  const keys = readKeys(folder, undefined)
  const [key] = keys
  if (key === undefined || keys.length > 1 || key.verifier.name !== name)
    throw new AuditError("INVALID", `${join(folder, names.key)} is there, but is not one key with the name ${name}`)
  writeKeys(folder, keys)
  return key
}

/** What the first entry of the next log says of a sealed one. */
function readSealed(folder: string, name: string): Previous {
  const head = readHead(folder)
  if (head === undefined) throw new AuditError("NOT_FOUND", `${folder} has no audit log`)
  if (!new Seal(folder).isSet)
    throw new AuditError("INVALID", `The log in ${folder} is not sealed. Run: ohmq audit seal ${folder}`)
  if (head.origin === name)
    throw new AuditError(
      "INVALID",
      `The sealed log is named ${name}, too. Give the new one another name: witnesses tell logs apart by it`,
    )
  return { origin: head.origin, size: head.size, root: head.root }
}

/**
 * Opens the log in a folder, which `createAuditLog` or `ohmq audit init` has made. Only one process can have it open. What was on disk when the last one ended, however it
 * ended, is in the log.
 *
 * @throws AuditError `NOT_FOUND`, `LOCKED`, `INVALID` for a key, `DAMAGED`, `ROLLED_BACK`, `FORKED`, `READ_ONLY`, `DISK_FULL`, `UNKNOWN_FORMAT` or `NETWORK_FILE_SYSTEM`.
 */
export async function openAuditLog(folder: string, options: AuditLogOptions = {}): Promise<AuditLog> {
  const checked = schema.safeParse(options)
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new AuditError("INVALID", `The options of the audit log: ${issue?.path.join(".")}: ${issue?.message}`)
  }
  const { key, delay, maxAhead, policy, onProblem = () => {} } = checked.data
  const missing = () =>
    new AuditError("NOT_FOUND", `${folder} has no audit log. Run: ohmq audit init ${folder} --name NAME`)
  if (!existsSync(join(folder, names.head))) throw missing()
  let owner: Owner
  try {
    refuseNetworkFileSystem(folder)
    owner = await Owner.claim(folder)
  } catch (error) {
    throw auditError(error, folder)
  }
  try {
    const head = readHead(folder)
    if (head === undefined) throw missing()
    const keys = readKeys(folder, key)
    const [first] = keys
    if (first?.verifier.name !== head.origin)
      throw new AuditError(
        "INVALID",
        `The log in ${folder} is ${head.origin}, but the key is that of ${first?.verifier.name}`,
      )
    const publication = readTree(folder, head, keys)
    const witnesses = readWitnesses(folder, policy)
    const log = await AuditLog.open({
      folder,
      journal: join(folder, names.journal),
      delay,
      maxAhead,
      publication,
      cosigning: new Cosigning(witnesses, onProblem),
      seal: new Seal(folder),
      onProblem,
      release: () => owner.release(),
    })
    if (log.size === 0 && head.previous !== undefined) await log.begin(head.previous)
    await log.announce()
    return log
  } catch (error) {
    await owner.release()
    throw auditError(error, folder)
  }
}

function readWitnesses(folder: string, policy: string | undefined) {
  const path = join(folder, names.policy)
  const text = policy ?? (existsSync(path) ? readFileSync(path, "utf8") : undefined)
  return text === undefined ? [] : parsePolicy(text, path).witnesses
}

/** Reads the right edge of the tree, and compares it with what was signed. */
function readTree(folder: string, head: Head, keys: readonly SignerKey[]): Publication {
  const served = join(folder, names.served)
  const tiles = new Tiles(served, head.size)
  const edge = tiles.edge()
  if (edge.root().toString("base64") !== head.root)
    throw new AuditError(
      "DAMAGED",
      `The tiles of ${folder} have the root ${edge.root().toString("base64")} at size ${head.size}, but ${head.root} was signed. Run: ohmq audit verify ${folder}; then restore the files from a backup`,
    )
  const index = Math.floor(head.size / TILE_WIDTH)
  const hashes = edge.levels[0] ?? []
  const rest = hashes.length === 0 ? [] : tiles.entries(index)
  rest.forEach((entry, i) => {
    if (!leafHash(entry).equals(hashes[i] as Buffer))
      throw new AuditError(
        "DAMAGED",
        `Entry ${index * TILE_WIDTH + i} of ${folder} does not have the hash that was signed. Restore the files from a backup`,
      )
  })
  return new Publication(folder, keys, edge, rest, head, servedNote(folder, head, keys, tiles))
}

/** The checkpoint that is served, if it is that of the head. It cannot be newer, and the head goes on from it. */
function servedNote(folder: string, head: Head, keys: readonly SignerKey[], tiles: Tiles): string | undefined {
  const path = join(folder, names.served, "checkpoint")
  if (!existsSync(path)) return undefined
  const known = [...keys.map(({ verifier }) => verifier)]
  const { size, root, note, signatures } = openCheckpoint(readFileSync(path, "utf8"), known)
  if (size > head.size)
    throw new AuditError(
      "ROLLED_BACK",
      `${path} has ${size} entries, but the log has ${head.size}: the folder, or a part of it, is an old copy. Restore the newest one as a whole`,
    )
  if (!tiles.root(size).equals(root))
    throw new AuditError(
      "FORKED",
      `${path} has another root than the log had with ${size} entries. Restore the folder from a backup`,
    )
  return size === head.size && signatures.length === keys.length ? note : undefined
}
