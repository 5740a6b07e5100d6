// A witness: cosigns checkpoints of logs that it knows, as long as each goes on from the one before. https://c2sp.org/tlog-witness

import type { Buffer } from "node:buffer"
import { hash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { makeFolder, refuseNetworkFileSystem } from "../../store/log/file-system.js"
import { Owner } from "../../store/owner.js"
import { AuditError, auditError } from "../error.js"
import { replaceFile } from "../log/files.js"
import { names, readKeyFile, writeKeys } from "../log/folder.js"
import { openCheckpoint, parseCheckpoint } from "../notes/checkpoint.js"
import { SignerKey, VerifierKey } from "../notes/keys.js"
import { emptyRoot, isConsistent } from "../tree/hashes.js"
import { parseRequest, SIZE_TYPE } from "./protocol.js"

/** How a witness is opened. */
export interface WitnessOptions {
  /** Its name, a URL without scheme by convention. Required the first time, when its key is made. */
  name?: string
  /** Public keys of logs to cosign for, which are added to those that it knows. */
  logs?: readonly string[]
}

/** An answer over HTTP. */
export interface WitnessAnswer {
  /** The status code. */
  status: number
  /** The media type of the text. */
  type: string
  /** The body. */
  text: string
}

const TEXT = "text/plain; charset=utf-8"
const answer = (status: number, text: string, type = TEXT): WitnessAnswer => ({ status, type, text })
const refusal = (status: number, reason: string) => answer(status, `${reason}\n`)

/** Names of files in the folder of a witness. */
const LOGS = "logs"
const CHECKPOINTS = "checkpoints"

/** What was cosigned last for a log. */
interface Latest {
  size: number
  root: Buffer
}

const none: Latest = { size: 0, root: emptyRoot }

/** A witness, with its key and what it has cosigned, in a folder. Only one process can have it open. */
export class Witness {
  readonly #folder: string
  readonly #owner: Owner
  readonly #key: SignerKey
  readonly #logs: readonly VerifierKey[]
  #closing: Promise<void> | undefined

  private constructor(folder: string, owner: Owner, key: SignerKey, logs: readonly VerifierKey[]) {
    this.#folder = folder
    this.#owner = owner
    this.#key = key
    this.#logs = logs
  }

  /**
   * Opens a witness, which is created if it is not there.
   *
   * @throws AuditError `INVALID`, `LOCKED`, `READ_ONLY` or `DISK_FULL`.
   */
  static async open(folder: string, { name, logs = [] }: WitnessOptions = {}): Promise<Witness> {
    let owner: Owner
    try {
      if (name === undefined && !existsSync(join(folder, names.key)))
        throw new AuditError("INVALID", `${folder} has no witness. Give it a name, to begin one: --name NAME`)
      makeFolder(folder)
      refuseNetworkFileSystem(folder)
      owner = await Owner.claim(folder)
    } catch (error) {
      throw auditError(error, folder)
    }
    try {
      const key = witnessKey(folder, name)
      makeFolder(join(folder, CHECKPOINTS))
      return new Witness(folder, owner, key, knownLogs(folder, logs))
    } catch (error) {
      await owner.release()
      throw auditError(error, folder)
    }
  }

  /** Its public key, for the policy of logs and verifiers. */
  get key(): string {
    return String(this.#key.verifier)
  }

  /** The public keys of the logs that it cosigns for. */
  get logs(): readonly string[] {
    return this.#logs.map(String)
  }

  /**
   * Answers `add-checkpoint`. What it cosigns is on disk before it returns, and nothing happens between the check and that: so it cosigns no two trees that contradict each
   * other.
   */
  add(body: string): WitnessAnswer {
    if (this.#closing !== undefined) return refusal(503, "The witness is closed")
    try {
      return this.#add(body)
    } catch (error) {
      if (error instanceof AuditError && error.code === "INVALID") return refusal(400, error.message)
      if (error instanceof AuditError && error.code === "UNTRUSTED") return refusal(403, error.message)
      return refusal(500, "The witness could not store the checkpoint. Try again")
    }
  }

  #add(body: string): WitnessAnswer {
    const { old, proof, checkpoint: note } = parseRequest(body)
    const { origin } = parseCheckpoint(note)
    const keys = this.#logs.filter(({ name }) => name === origin)
    if (keys.length === 0) return refusal(404, `The witness does not know the log ${origin}`)
    const { parsed, ...checkpoint } = { ...parseCheckpoint(note), ...openCheckpoint(note, keys) }
    if (old > checkpoint.size)
      return refusal(400, `The old size ${old} is larger than that of the checkpoint, ${checkpoint.size}`)
    const latest = this.#latest(origin)
    if (old !== latest.size) return answer(409, `${latest.size}\n`, SIZE_TYPE)
    if (checkpoint.size === 0 && !checkpoint.root.equals(emptyRoot))
      return refusal(422, "A tree without entries has another root")
    if (!isConsistent(latest, checkpoint, proof))
      return refusal(
        422,
        `The checkpoint of size ${checkpoint.size} does not go on from that of size ${old}, or the proof is wrong`,
      )
    const line = this.#key.sign(parsed.text)
    const signed = checkpoint.signatures.map((signature) => signature.line).join("")
    replaceFile(this.#path(origin), `${parsed.text}\n${signed}${line}`)
    return answer(200, line)
  }

  #path(origin: string): string {
    return join(this.#folder, CHECKPOINTS, hash("sha256", origin))
  }

  #latest(origin: string): Latest {
    const path = this.#path(origin)
    if (!existsSync(path)) return none
    // It must be what this witness has signed: a wrong size here would let a log be rolled back.
    const own = parseCheckpoint(readFileSync(path, "utf8"))
    const [signature] = own.parsed.signatures.filter(
      ({ name, id }) => name === this.#key.verifier.name && id === this.#key.verifier.id,
    )
    if (
      own.origin !== origin ||
      signature === undefined ||
      this.#key.verifier.verify(own.parsed.text, signature.bytes) === undefined
    )
      throw new AuditError("DAMAGED", `${path} is not what the witness has cosigned`)
    return own
  }

  /** The last checkpoint that it has cosigned for a log, by the SHA-256 of its origin in hexadecimal. */
  checkpoint(originHash: string): string | undefined {
    const path = join(this.#folder, CHECKPOINTS, originHash)
    return /^[0-9a-f]{64}$/.test(originHash) && existsSync(path) ? readFileSync(path, "utf8") : undefined
  }

  /** Lets other processes have it. */
  close(): Promise<void> {
    this.#closing ??= this.#owner.release()
    return this.#closing
  }
}

function witnessKey(folder: string, name: string | undefined): SignerKey {
  const path = join(folder, names.key)
  if (!existsSync(path)) writeKeys(folder, [SignerKey.generate(name ?? "", "witness")])
  const key = SignerKey.parse(readKeyFile(path))
  if (key.verifier.use !== "witness")
    throw new AuditError("INVALID", `${path} is the key of a log. Choose another folder for the witness`)
  if (name !== undefined && key.verifier.name !== name)
    throw new AuditError(
      "INVALID",
      `The witness in ${folder} is named ${key.verifier.name}. Leave --name out, or choose another folder`,
    )
  return key
}

/** The logs that are known, with those that were added. */
function knownLogs(folder: string, added: readonly string[]): VerifierKey[] {
  const path = join(folder, LOGS)
  const known = existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : []
  const keys = [...new Set([...known, ...added])].map((text) => VerifierKey.parse(text))
  for (const { use, name } of keys)
    if (use !== "log")
      throw new AuditError("INVALID", `The key of ${name} is that of a witness. Expected the key of a log`)
  if (keys.length > known.length) replaceFile(path, keys.map((key) => `${key}\n`).join(""))
  return keys
}
