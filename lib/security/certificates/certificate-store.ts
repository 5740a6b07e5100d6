// The certificates of those who may connect: kept in memory, and with a folder of files, as that changes.

import { accessSync, constants, readdirSync, statSync } from "node:fs"
import { readdir } from "node:fs/promises"
import path from "node:path"

import { brand } from "../../base/brand.js"
import { dispose } from "../../base/dispose.js"
import { Emitter } from "../../base/emitter.js"
import { Certificate, type KeyMaterial, loadCertificate } from "./certificate.js"
import { checkUnchangeable } from "./certificate-file.js"
import { fileMark, folderMark, restingMark } from "./file-mark.js"
import { WatchedPath } from "./watched-path.js"

export interface StoreEvents {
  /** Public keys that have come and gone. */
  change: [change: { added: string[]; removed: string[] }]
  /** A file that cannot be read, that others can change, or that is no certificate; it counts as one that is not there. */
  problem: [error: Error]
}

interface Known {
  /** Tells a file that has changed. */
  mark: string
  /** Undefined for a file that is no certificate. */
  certificate: Certificate | undefined
}

type Entry = Certificate | KeyMaterial | string

const toCertificate = (entry: Entry) =>
  Certificate.from(typeof entry === "string" ? { publicKey: entry } : entry).public

/**
 * Certificates by their public keys: those that were given, or those of the `.key` files of a folder, which is read again
 * as it changes. A file that is removed stops to count at once.
 *
 * ```typescript
 * const clients = CertificateStore.open("/etc/app/clients") // alice.key, bob.key, …
 * const few = new CertificateStore([await Certificate.load("alice.key")])
 * few.delete(publicKey)
 * ```
 */
export class CertificateStore extends Emitter<StoreEvents> {
  readonly #certificates = new Map<string, Certificate>()
  readonly #files = new Map<string, Known>()
  /** By key, the files that have it: while one is left, it counts. */
  readonly #filesOf = new Map<string, string[]>()
  #folder: string | undefined
  /** What the folder was when it was read. */
  #scanned: string | undefined
  /** What was told of why the folder cannot be read. */
  #problem = ""
  #watched: WatchedPath | undefined
  #ready: Promise<void> = Promise.resolve()

  /** @param certificates Certificates, or public keys alone. */
  constructor(certificates: Iterable<Entry> = []) {
    super()
    for (const entry of certificates) {
      const certificate = toCertificate(entry)
      this.#certificates.set(certificate.publicKey, certificate)
    }
  }

  /** The certificates of a folder. Throws if there is no such folder, or if others than its owner can write to it. */
  static open(folder: string): CertificateStore {
    const store = new CertificateStore()
    store.#watch(path.resolve(folder))
    return store
  }

  #watch(folder: string): void {
    checkFolder(folder)
    readdirSync(folder)
    this.#folder = folder
    this.#watched = new WatchedPath(
      folder,
      () => this.#scan(),
      () => this.#seemsChanged(),
    )
    this.#ready = this.#watched.rescan()
  }

  /** Resolves when the folder was read for the first time. */
  get ready(): Promise<void> {
    return this.#ready
  }

  /** The certificates that count now. */
  get certificates(): Certificate[] {
    return [...this.#certificates.values()]
  }

  /** The certificate of a public key; of a folder, only while its file is there, as it was read. */
  async find(publicKey: string): Promise<Certificate | undefined> {
    await this.#ready
    const certificate = this.#certificates.get(publicKey)
    if (this.#folder === undefined) return certificate
    if (certificate === undefined) {
      // Its file may have come just now: a peer that is refused does not try again.
      if (!(await this.#seemsChanged())) return undefined
      await this.#watched?.rescan()
      return this.#certificates.get(publicKey)
    }
    for (const file of this.#filesOf.get(publicKey) ?? []) {
      const mark = await fileMark(path.join(this.#folder, file))
      if (mark !== undefined && mark === this.#files.get(file)?.mark) return this.#certificates.get(publicKey)
    }
    await this.#watched?.rescan()
    return this.#certificates.get(publicKey)
  }

  /** Adds a certificate to a store without a folder. */
  add(entry: Entry): void {
    this.#checkFolder("save")
    const certificate = toCertificate(entry)
    const added = this.#certificates.has(certificate.publicKey) ? [] : [certificate.publicKey]
    this.#certificates.set(certificate.publicKey, certificate)
    if (added.length > 0) this.emit("change", { added, removed: [] })
  }

  /** Takes a certificate away from a store without a folder, and says whether it was there. */
  delete(entry: Entry): boolean {
    this.#checkFolder("remove")
    const { publicKey } = toCertificate(entry)
    if (!this.#certificates.delete(publicKey)) return false
    this.emit("change", { added: [], removed: [publicKey] })
    return true
  }

  /** Looks at the folder now. */
  async reload(): Promise<void> {
    await this.#watched?.rescan()
  }

  /** Watches the folder no more; what was read still counts. */
  close(): void {
    this.#watched?.close()
  }

  [dispose](): void {
    this.close()
  }

  #checkFolder(verb: string): void {
    if (this.#folder !== undefined)
      throw new Error(`This store has a folder: ${verb} the file in ${this.#folder} instead`)
  }

  /** Whether files have come or gone, or may have. One that was written again is not noticed. */
  async #seemsChanged(): Promise<boolean> {
    const mark = await folderMark(this.#folder as string)
    return mark === undefined || mark !== this.#scanned
  }

  async #scan(): Promise<void> {
    const folder = this.#folder as string
    let names: string[]
    this.#scanned = await folderMark(folder)
    try {
      checkFolder(folder)
      names = await readdir(folder)
      this.#problem = ""
    } catch (error) {
      // Without the folder nobody is known. Told once, though it is looked at again and again.
      names = []
      const { message } = error as Error
      if (message !== this.#problem) this.emit("problem", error as Error)
      this.#problem = message
    }
    const files = new Set(names.filter((name) => name.endsWith(".key") && !name.startsWith(".")))
    for (const file of this.#files.keys()) if (!files.has(file)) this.#files.delete(file)
    for (const file of files) await this.#read(file)
    this.#replace()
  }

  async #read(file: string): Promise<void> {
    const name = path.join(this.#folder as string, file)
    const known = this.#files.get(file)?.mark
    if (known !== undefined && (await fileMark(name)) === known) return
    const mark = await restingMark(name)
    if (mark === undefined) {
      this.#files.delete(file)
      return
    }
    let certificate: Certificate | undefined
    try {
      const loaded = await loadCertificate(name, (stats) => checkUnchangeable(name, stats))
      certificate = named(loaded.public, file)
      loaded.destroy()
    } catch (error) {
      this.emit("problem", error as Error)
    }
    this.#files.set(file, { mark, certificate })
  }

  /** Makes what the files say what counts, in one step. */
  #replace(): void {
    const next = new Map<string, Certificate>()
    this.#filesOf.clear()
    for (const [file, { certificate }] of this.#files) {
      if (certificate === undefined) continue
      const { publicKey } = certificate
      next.set(publicKey, certificate)
      this.#filesOf.set(publicKey, [...(this.#filesOf.get(publicKey) ?? []), file])
    }
    const added = [...next.keys()].filter((key) => !this.#certificates.has(key))
    const removed = [...this.#certificates.keys()].filter((key) => !next.has(key))
    this.#certificates.clear()
    for (const [key, certificate] of next) this.#certificates.set(key, certificate)
    if (added.length > 0 || removed.length > 0) this.emit("change", { added, removed })
  }
}

brand("CertificateStore", CertificateStore)

/** Throws if a folder is not there, or others can put certificates into it. A volume that is mounted to be read alone has any mode. */
function checkFolder(folder: string): void {
  const stats = statSync(folder)
  if (!stats.isDirectory()) throw Object.assign(new Error(`${folder} is no folder`), { code: "ENOTDIR", path: folder })
  try {
    accessSync(folder, constants.W_OK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EROFS") return
  }
  checkUnchangeable(folder, stats)
}

/** A certificate without a name is named by its file. */
function named(certificate: Certificate, file: string): Certificate {
  if (certificate.metadata.name !== undefined) return certificate
  const name = path.basename(file, ".key")
  return Certificate.from({ publicKey: certificate.publicKey, metadata: { ...certificate.metadata, name } })
}
