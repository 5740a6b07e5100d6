// Which process listens at a port of this machine. Only Linux says it, in /proc, and only of processes that this user may look at.

import { readdir, readFile, readlink } from "node:fs/promises"

const LISTENING = "0A"

/** The inodes of the sockets that listen at a port. */
async function inodes(port: number): Promise<Set<string>> {
  const found = new Set<string>()
  for (const table of ["tcp", "tcp6"]) {
    const text = await readFile(`/proc/net/${table}`, "utf8").catch(() => "")
    for (const line of text.split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state === LISTENING && Number.parseInt(local.split(":")[1] ?? "", 16) === port && inode !== undefined) {
        found.add(`socket:[${inode}]`)
      }
    }
  }
  return found
}

/** The name and number of the process that listens at a tcp port, such as "python3 (1234)". Undefined if that cannot be known. */
export async function listeningProcess(port: number): Promise<string | undefined> {
  const wanted = await inodes(port)
  if (wanted.size === 0) return undefined
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "")
      if (!wanted.has(target)) continue
      const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")
      return `${name.trim()} (${pid})`
    }
  }
  return undefined
}
