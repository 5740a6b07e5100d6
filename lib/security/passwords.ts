// Passwords of PLAIN: hashed by scrypt, in a file with a line for each user.

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { EventEmitter } from "node:events"
import { statSync } from "node:fs"
import { open } from "node:fs/promises"
import path from "node:path"

import { fileMark, restingMark } from "./file-mark.js"
import { WatchedPath } from "./watched-path.js"

const COST = 15
const [BLOCK, PARALLEL, KEY] = [8, 1, 32]

/** As OWASP asks for: 32 MiB and some 60 ms for each. */
const derive = (password: string | Uint8Array, salt: Buffer, cost: number, block: number, parallel: number) =>
  new Promise<Buffer>((resolve, reject) => {
    const options = { N: 2 ** cost, r: block, p: parallel, maxmem: 256 * 2 ** cost * block }
    scrypt(password, salt, KEY, options, (error, key) => (error ? reject(error) : resolve(key)))
  })

const base64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "")

/** A hash for a password file: `$scrypt$ln=15,r=8,p=1$SALT$HASH`. */
export async function hashPassword(password: string | Uint8Array): Promise<string> {
  if (!(typeof password === "string" || password instanceof Uint8Array) || password.length === 0) {
    throw new TypeError("Expected the password to be text or bytes, and not empty")
  }
  const salt = randomBytes(16)
  const key = await derive(password, salt, COST, BLOCK, PARALLEL)
  return `$scrypt$ln=${COST},r=${BLOCK},p=${PARALLEL}$${base64(salt)}$${base64(key)}`
}

function parseHash(hash: string) {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{43})$/.exec(hash)
  if (match === null) return undefined
  const [cost, block, parallel] = match.slice(1, 4).map(Number) as [number, number, number]
  // What would take a minute or a gigabyte was written by nobody who means well.
  if (cost < 10 || cost > 18 || block < 1 || block > 16 || parallel < 1 || parallel > 4) return undefined
  return {
    cost,
    block,
    parallel,
    salt: Buffer.from(match[4] as string, "base64"),
    key: Buffer.from(match[5] as string, "base64"),
  }
}

/** Whether a password is that of a hash. */
export async function verifyPassword(password: string | Uint8Array, hash: string): Promise<boolean> {
  const parsed = parseHash(hash)
  if (parsed === undefined) throw new TypeError("Expected a hash as hashPassword() makes")
  const key = await derive(password, parsed.salt, parsed.cost, parsed.block, parsed.parallel)
  return timingSafeEqual(key, parsed.key)
}

function checkMode(file: string, mode: number): void {
  if (process.platform === "win32" || (mode & 0o027) === 0) return
  const message = `${file} can be changed by its group, or read by others. Run: chmod 640 ${file}`
  throw Object.assign(new Error(message), { code: "EACCES", path: file })
}

/** The text of a password file, if nobody else can read it: asked of the same descriptor. */
async function readPasswords(file: string): Promise<string> {
  const handle = await open(file)
  try {
    checkMode(file, (await handle.stat()).mode)
    return await handle.readFile("utf8")
  } finally {
    await handle.close()
  }
}

/** Takes as long as that of a user who is there. */
const decoy = `$scrypt$ln=${COST},r=${BLOCK},p=${PARALLEL}$${base64(Buffer.alloc(16))}$${base64(Buffer.alloc(KEY))}`

/** As many are looked at one after the other; each takes a thread of libuv's four. */
const AT_A_TIME = 2

/**
 * A password file: a line `user:hash` for each user; lines that begin with # are comments. It is read again as it changes.
 * `npx ohmq-keys password FILE USER` writes such lines.
 */
export class PasswordFile extends EventEmitter<{ change: [{ removed: string[] }]; problem: [error: Error] }> {
  readonly #file: string
  readonly #users = new Map<string, string>()
  readonly #watched: WatchedPath
  readonly #ready: Promise<void>
  readonly #waiting: (() => void)[] = []
  #running = 0
  #mark = ""

  constructor(file: string) {
    super()
    this.#file = path.resolve(file)
    checkMode(file, statSync(this.#file).mode)
    this.#watched = new WatchedPath(path.dirname(this.#file), () => this.#read())
    this.#ready = this.#watched.rescan()
  }

  /** Whether a user is there and has this password. */
  async verify(username: string, password: string | Uint8Array): Promise<boolean> {
    await this.#ready
    await this.#read()
    const hash = this.#users.get(username)
    if (this.#running >= AT_A_TIME) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#running += 1
    try {
      const matches = await verifyPassword(password, hash ?? decoy)
      // The file may have changed meanwhile.
      return matches && hash !== undefined && this.#users.get(username) === hash
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }

  /** Watches the file no more. */
  close(): void {
    this.#watched.close()
  }

  async #read(): Promise<void> {
    const next = new Map<string, string>()
    try {
      if (this.#mark !== "" && (await fileMark(this.#file)) === this.#mark) return
      const mark = await restingMark(this.#file)
      for (const [index, line] of (await readPasswords(this.#file)).split(/\r?\n/).entries()) {
        if (line === "" || line.startsWith("#")) continue
        const colon = line.lastIndexOf(":")
        const hash = line.slice(colon + 1)
        if (colon < 1 || parseHash(hash) === undefined) {
          this.emit("problem", new Error(`${this.#file}: line ${index + 1} is not of the form user:hash`))
        } else next.set(line.slice(0, colon), hash)
      }
      this.#mark = mark ?? ""
    } catch (error) {
      // Without the file nobody is known.
      this.#mark = ""
      if (this.#users.size > 0) this.emit("problem", error as Error)
    }
    const removed = [...this.#users].filter(([user, hash]) => next.get(user) !== hash).map(([user]) => user)
    this.#users.clear()
    for (const [user, hash] of next) this.#users.set(user, hash)
    if (removed.length > 0) this.emit("change", { removed })
  }
}
