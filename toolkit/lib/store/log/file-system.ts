// What the store needs of the file system.

import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statfsSync,
  write,
} from "node:fs"
import { dirname, resolve } from "node:path"
import process from "node:process"
import { StoreError, systemError } from "./errors.js"

/**
 * Makes created, renamed and removed names durable: fsync of a file does not do that for its name, see fsync(2) and
 * https://www.evanjones.ca/durability-filesystem.html. Windows has no such call.
 */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return
  const folder = openSync(path, "r")
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Creates a folder that only this user can enter, and makes its name durable. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return
  try {
    // With `recursive`, Node reports ENOENT on a read-only file system.
    if (existsSync(dirname(path))) mkdirSync(path, { mode: 0o700 })
    else {
      const first = mkdirSync(path, { recursive: true, mode: 0o700 })
      if (first) syncFolder(dirname(first))
    }
    syncFolder(dirname(path))
  } catch (error) {
    throw systemError(error, path)
  }
}

/** Elsewhere the flag is missing, or it does not make the disk write its cache: on macOS that takes F_FULLFSYNC, which is Node's fdatasync. */
const hasDurableWrites = process.platform === "linux"

/** How segments are opened for writing: each write returns once its bytes are on disk, which saves the second call. */
export const DURABLE_WRITE = constants.O_RDWR | (hasDurableWrites ? constants.O_DSYNC : 0)

/** Writes all bytes at a place of a segment, however many calls that takes. They are on disk when it calls back. */
export function writeAt(file: number, bytes: Uint8Array, at: number, done: (error: Error | null) => void): void {
  write(file, bytes, 0, bytes.byteLength, at, (error, count) => {
    if (error) done(error)
    else if (count === bytes.byteLength && hasDurableWrites) done(null)
    else if (count === bytes.byteLength) fdatasync(file, done)
    else writeAt(file, bytes.subarray(count), at + count, done)
  })
}

/** f_type of statfs(2), from linux/magic.h and statfs(2). FUSE may be local, so mountinfo decides there. */
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x01021997, "9P"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x73757245, "Coda"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x7461636f, "OCFS2"],
  [0x01161970, "GFS2"],
  [0x19830326, "FhGFS"],
])

const FUSE = 0x65735546
const networkFuse = /^fuse\.(sshfs|glusterfs|s3fs|rclone|ceph-fuse|davfs2?|gcsfuse|juicefs|goofys|moosefs|smbnetfs)/

/** The type of a file system as mountinfo names it: the entry with the longest mount point that the path is under. */
function fuseType(path: string): string | undefined {
  let best: { point: string; type: string } | undefined
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [left, right] = line.split(" - ")
    // Spaces in mount points are written as \040.
    const point = left
      ?.split(" ")[4]
      ?.replaceAll(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
    const type = right?.split(" ")[0]
    if (point === undefined || type === undefined) continue
    const isAbove = path === point || path.startsWith(point === "/" ? "/" : `${point}/`)
    if (isAbove && point.length >= (best?.point.length ?? 0)) best = { point, type }
  }
  return best?.type
}

/** The name of the network file system for this f_type, if it is one. */
export function networkFileSystem(type: number, path: string): string | undefined {
  if (type === FUSE && process.platform === "linux") {
    const name = fuseType(resolve(path))
    return name !== undefined && networkFuse.test(name) ? name : undefined
  }
  // On other systems the numbers have other meanings.
  return process.platform === "linux" ? networkTypes.get(type) : undefined
}

/** Refuses a folder on a network file system: locks and fsync do not hold there what the store promises. */
export function refuseNetworkFileSystem(path: string): void {
  const name = networkFileSystem(statfsSync(path).type, path)
  if (name === undefined) return
  throw new StoreError(
    "NETWORK_FILE_SYSTEM",
    `${path} is on a network file system (${name}), which can lose what it has confirmed. Choose a folder on a local disk`,
  )
}
