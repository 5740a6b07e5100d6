// Passwords for PLAIN: hashed with scrypt, in a file with a line for each user.

import { Buffer } from "node:buffer"
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { type Stats, statSync } from "node:fs"
import path from "node:path"
import { isUint8Array } from "node:util/types"

import { reasonOf } from "../../base/abort.js"
import { brand } from "../../base/brand.js"
import { checkOptions, unexpected } from "../../base/checks.js"
import { dispose } from "../../base/dispose.js"
import { Emitter } from "../../base/emitter.js"
import { checkFile, checkMode, createFile, readFile, replaceFile } from "../certificates/certificate-file.js"
import { fileMark, restingMark } from "../certificates/file-mark.js"
import { WatchedPath } from "../certificates/watched-path.js"

const COST = 15
const [BLOCK, PARALLEL, KEY] = [8, 3, 32]

/** Settings that OWASP recommends: each hash takes 32 MiB and about 180 ms. */
const derive = (password: string | Uint8Array, salt: Buffer, cost: number, block: number, parallel: number) =>
  new Promise<Buffer>((resolve, reject) => {
    const options = { N: 2 ** cost, r: block, p: parallel, maxmem: 256 * 2 ** cost * block }
    scrypt(password, salt, KEY, options, (error, key) => (error ? reject(error) : resolve(key)))
  })

const base64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "")

/** Hashes a password for a password file: `$scrypt$ln=15,r=8,p=3$SALT$HASH`. Rejects with a TypeError if the password is empty. */
export async function hashPassword(password: string | Uint8Array): Promise<string> {
  if (!(typeof password === "string" || isUint8Array(password)) || password.length === 0) {
    throw unexpected("the password", "a string or Uint8Array that is not empty", password)
  }
  const salt = randomBytes(16)
  const key = await derive(password, salt, COST, BLOCK, PARALLEL)
  return `$scrypt$ln=${COST},r=${BLOCK},p=${PARALLEL}$${base64(salt)}$${base64(key)}`
}

function parseHash(hash: string) {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{43})$/.exec(hash)
  if (match === null) return undefined
  const [cost, block, parallel] = match.slice(1, 4).map(Number) as [number, number, number]
  // Limits the time and memory that a hash in the file can cost.
  if (cost < 10 || cost > 18 || block < 1 || block > 16 || parallel < 1 || parallel > 4) return undefined
  return {
    cost,
    block,
    parallel,
    salt: Buffer.from(match[4] as string, "base64"),
    key: Buffer.from(match[5] as string, "base64"),
  }
}

/** Whether a password matches a hash of `hashPassword`. Rejects with a TypeError if the hash is invalid. */
export async function verifyPassword(password: string | Uint8Array, hash: string): Promise<boolean> {
  const parsed = parseHash(hash)
  if (parsed === undefined)
    throw new TypeError("Expected the hash to be one that hashPassword() returned: $scrypt$ln=…,r=…,p=…$SALT$HASH")
  const key = await derive(password, parsed.salt, parsed.cost, parsed.block, parsed.parallel)
  return timingSafeEqual(key, parsed.key)
}

/** The largest password file, enough for 100,000 users. Bytes. */
const LARGEST = 16 << 20

function checkPasswordFile(file: string, stats: Stats): void {
  checkFile(file, stats, LARGEST)
  checkMode(file, stats, 0o027, "can be changed by its group or read by others", "chmod 640")
}

/** The contents of a password file. EACCES if its group can change it or others can read it. */
const readPasswords = (file: string, onStats: (stats: Stats) => void = () => {}): Promise<Buffer> =>
  readFile(file, (stats) => {
    checkPasswordFile(file, stats)
    onStats(stats)
  })

/**
 * Replaces the line of a user by another one, or by none, as a whole file, and keeps all other bytes, the mode and the owner. Returns
 * whether there was such a line.
 */
async function replaceLine(file: string, user: string, line: string | undefined): Promise<boolean> {
  let stats: Stats | undefined
  // latin1 keeps every byte of the other lines.
  const before = (await readPasswords(file, (found) => (stats = found))).toString("latin1")
  const start = `${Buffer.from(user).toString("latin1")}:`
  const lines = before === "" ? [] : before.replace(/\n$/, "").split("\n")
  const others = lines.filter((one) => !(one.startsWith(start) && one.lastIndexOf(":") === start.length - 1))
  const isThere = others.length < lines.length
  if (line === undefined && !isThere) return false
  const after = line === undefined ? others : [...others, start + line]
  const { mode, uid, gid } = stats as Stats
  const contents = Buffer.from(after.map((one) => `${one}\n`).join(""), "latin1")
  await replaceFile(file, contents, { mode: mode & 0o777, uid, gid })
  return isThere
}

function checkUser(user: unknown): string {
  if (typeof user !== "string") throw unexpected("the user", "a string", user)
  if (user === "" || user.startsWith("#") || /[\r\n\0]/.test(user))
    throw new TypeError("Invalid user name. It must not be empty, begin with # or contain line breaks")
  return user
}

/** Verified instead when a user is unknown, so that this takes as long as with a known user. */
const decoy = `$scrypt$ln=${COST},r=${BLOCK},p=${PARALLEL}$${base64(Buffer.alloc(16))}$${base64(Buffer.alloc(KEY))}`

/** How many passwords are verified at a time. Each takes one of libuv's four threads. */
const AT_A_TIME = 2

/** The events of a PasswordFile, with the arguments of their listeners. */
export interface PasswordFileEvents {
  /** Users were removed, or their passwords changed. */
  change: [change: UserChange]
  /** The file cannot be read, other users can read it, or a line is invalid. */
  problem: [error: Error]
}

/** A change of a PasswordFile. */
export interface UserChange {
  /** The users who were removed, or whose passwords changed. */
  removed: string[]
}

/**
 * A password file: a line `user:hash` for each user; lines that begin with # are comments. It is read again whenever it changes.
 * `setPassword()` and `npx ohmq keys password FILE USER` write such lines. The constructor throws the error of the system if the file
 * cannot be read, and EACCES if its group can change it or others can read it.
 */
export class PasswordFile extends Emitter<PasswordFileEvents> {
  readonly #file: string
  readonly #users = new Map<string, string>()
  readonly #watched: WatchedPath
  readonly #ready: Promise<void>
  readonly #waiting = new Set<() => void>()
  #running = 0
  /** The mark of the file that was read; empty if it could not be. */
  #mark = ""
  /** The problem that was reported last, so that it is reported once. */
  #problem = ""

  constructor(file: string) {
    super()
    this.#file = path.resolve(file)
    checkPasswordFile(file, statSync(this.#file))
    this.#watched = new WatchedPath(path.dirname(this.#file), () => this.#read())
    this.#ready = this.#watched.rescan()
  }

  /**
   * Sets a user's password: adds a line to the file, or replaces the line of that user. A file that does not exist is created so that only
   * this user can read it. Rejects with EACCES if the file's group can change it or others can read it. Do not call it twice at the same
   * time for one file.
   */
  static async setPassword(file: string, user: string, password: string | Uint8Array): Promise<void> {
    const name = checkUser(user)
    const hash = await hashPassword(password)
    try {
      await replaceLine(file, name, hash)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
      await createFile(file, Buffer.from(`${name}:${hash}\n`), { mode: 0o600 })
    }
  }

  /** Removes a user from a file, and returns whether the user was there. Rejects as `setPassword` does, and with ENOENT without a file. */
  static async removeUser(file: string, user: string): Promise<boolean> {
    return replaceLine(file, checkUser(user), undefined)
  }

  /** Resolves once the file was read for the first time. */
  get ready(): Promise<void> {
    return this.#ready
  }

  /** The names of the users that were read. */
  get users(): string[] {
    return [...this.#users.keys()]
  }

  /** Whether a user exists and has this password. Rejects with the signal's reason if it is aborted while others are verified first. */
  async verify(
    username: string,
    password: string | Uint8Array,
    options: { signal?: AbortSignal } = {},
  ): Promise<boolean> {
    const { signal } = checkOptions("the options of verify", options, ["signal"])
    await this.#ready
    await this.#read()
    const hash = this.#users.get(username)
    await this.#begin(signal)
    try {
      const matches = await verifyPassword(password, hash ?? decoy)
      // The file may have changed meanwhile.
      return matches && hash !== undefined && this.#users.get(username) === hash
    } finally {
      // Passes its place on to the next one that waits.
      const [next] = this.#waiting
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  /** Waits until fewer than AT_A_TIME passwords are being verified. */
  async #begin(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw reasonOf(signal)
    if (this.#running < AT_A_TIME) {
      this.#running += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (settle: () => void) => {
        signal?.removeEventListener("abort", onAbort)
        this.#waiting.delete(begin)
        settle()
      }
      const begin = () => leave(resolve)
      const onAbort = () => leave(() => reject(reasonOf(signal as AbortSignal)))
      this.#waiting.add(begin)
      signal?.addEventListener("abort", onAbort)
    })
  }

  /** Stops watching the file. The users that were read stay valid. */
  close(): void {
    this.#watched.close()
  }

  /** Stops watching the file at the end of its scope: `using passwords = new PasswordFile(file)`. */
  [dispose](): void {
    this.close()
  }

  async #read(): Promise<void> {
    const next = new Map<string, string>()
    try {
      if (this.#mark !== "" && (await fileMark(this.#file)) === this.#mark) return
      const mark = await restingMark(this.#file)
      for (const [index, line] of (await readPasswords(this.#file)).toString().split(/\r?\n/).entries()) {
        if (line === "" || line.startsWith("#")) continue
        const colon = line.lastIndexOf(":")
        const hash = line.slice(colon + 1)
        if (colon < 1 || parseHash(hash) === undefined) {
          this.emit("problem", new Error(`${this.#file}: line ${index + 1} does not have the form user:hash`))
        } else next.set(line.slice(0, colon), hash)
      }
      this.#mark = mark ?? ""
      this.#problem = ""
    } catch (error) {
      // Without the file no user is known. The problem is reported once, although the file is read again and again.
      this.#mark = ""
      const { message } = error as Error
      if (message !== this.#problem) this.emit("problem", error as Error)
      this.#problem = message
    }
    const removed = [...this.#users].filter(([user, hash]) => next.get(user) !== hash).map(([user]) => user)
    this.#users.clear()
    for (const [user, hash] of next) this.#users.set(user, hash)
    if (removed.length > 0) this.emit("change", { removed })
  }
}

brand("PasswordFile", PasswordFile)
