// The certificates of the peers that may connect: a list in memory, or the files of a folder that is watched.

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

/** A change of a CertificateStore. */
export interface KeyChange {
  /** The public keys that are valid now. */
  added: string[]
  /** The public keys that are no longer valid. */
  removed: string[]
}

/** The events of a CertificateStore, with the arguments of their listeners. */
export interface StoreEvents {
  /** Public keys were added or removed. */
  change: [change: KeyChange]
  /** A file that cannot be read, that other users can change, or that is not a certificate. The store treats it as absent. */
  problem: [error: Error]
}

interface Known {
  /** Differs once the file has changed. */
  mark: string
  /** Undefined if the file is not a certificate. */
  certificate: Certificate | undefined
}

type Entry = Certificate | KeyMaterial | string

const toCertificate = (entry: Entry) =>
  Certificate.from(typeof entry === "string" ? { publicKey: entry } : entry).public

/**
 * Certificates by public key: a given list, or the `.key` files of a folder, which is read again whenever it changes. Once a file is
 * removed, its key is no longer valid.
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
  /** The files that contain each key. It stays valid while one of them exists. */
  readonly #filesOf = new Map<string, string[]>()
  #folder: string | undefined
  /** The mark of the folder when it was read. */
  #scanned: string | undefined
  /** The problem that was reported last, so that it is reported once. */
  #problem = ""
  #watched: WatchedPath | undefined
  #ready: Promise<void> = Promise.resolve()

  /** @param certificates Certificates or public keys. Throws a TypeError with the code ERR_CERTIFICATE for an invalid one. */
  constructor(certificates: Iterable<Entry> = []) {
    super()
    for (const entry of certificates) {
      const certificate = toCertificate(entry)
      this.#certificates.set(certificate.publicKey, certificate)
    }
  }

  /** Opens a folder of certificates. Throws ENOENT or ENOTDIR if there is no such folder, and EACCES if other users can write to it. */
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

  /** Resolves once the folder was read for the first time. */
  get ready(): Promise<void> {
    return this.#ready
  }

  /** The certificates that are valid now. */
  get certificates(): Certificate[] {
    return [...this.#certificates.values()]
  }

  /** The certificate with a public key; undefined if there is none. A folder's file is checked again, in case it has changed. */
  async find(publicKey: string): Promise<Certificate | undefined> {
    await this.#ready
    const certificate = this.#certificates.get(publicKey)
    if (this.#folder === undefined) return certificate
    if (certificate === undefined) {
      // Its file may be new. A peer that is denied does not try again.
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

  /** Adds a certificate. Throws if the store has a folder. */
  add(entry: Entry): void {
    this.#checkFolder("Save")
    const certificate = toCertificate(entry)
    const added = this.#certificates.has(certificate.publicKey) ? [] : [certificate.publicKey]
    this.#certificates.set(certificate.publicKey, certificate)
    if (added.length > 0) this.emit("change", { added, removed: [] })
  }

  /** Removes a certificate and returns whether it was there. Throws if the store has a folder. */
  delete(entry: Entry): boolean {
    this.#checkFolder("Remove")
    const { publicKey } = toCertificate(entry)
    if (!this.#certificates.delete(publicKey)) return false
    this.emit("change", { added: [], removed: [publicKey] })
    return true
  }

  /** Reads the folder now. */
  async reload(): Promise<void> {
    await this.#watched?.rescan()
  }

  /** Stops watching the folder. The certificates that were read stay valid. */
  close(): void {
    this.#watched?.close()
  }

  /** Calls `close()`, at the end of a `using` block. */
  [dispose](): void {
    this.close()
  }

  #checkFolder(verb: string): void {
    if (this.#folder !== undefined)
      throw new Error(`This store reads the folder ${this.#folder}. ${verb} the certificate's file there instead`)
  }

  /** Whether files may have been added or removed. Does not notice a file that was overwritten. */
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
      // Without the folder no key is known. The problem is reported once, although the folder is read again and again.
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
      certificate = withName(loaded.public, file)
      loaded.destroy()
    } catch (error) {
      this.emit("problem", error as Error)
    }
    this.#files.set(file, { mark, certificate })
  }

  /** Makes the certificates of the files the valid ones, in one step. */
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

/** Throws unless it is a folder to which only its owner can write. On a read-only file system the mode does not matter. */
function checkFolder(folder: string): void {
  const stats = statSync(folder)
  if (!stats.isDirectory())
    throw Object.assign(new Error(`${folder} is not a folder`), { code: "ENOTDIR", path: folder })
  try {
    accessSync(folder, constants.W_OK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EROFS") return
  }
  checkUnchangeable(folder, stats)
}

/** Names a certificate without a name by its file. */
function withName(certificate: Certificate, file: string): Certificate {
  if (certificate.metadata.name !== undefined) return certificate
  const name = path.basename(file, ".key")
  return Certificate.from({ publicKey: certificate.publicKey, metadata: { ...certificate.metadata, name } })
}
