// A small file system in memory, which can be full as a disk can.

import { execFileSync } from "node:child_process"
import { cpSync, lstatSync, mkdirSync, rmSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { onTestFinished } from "vitest"
import { mayMount, mountOn } from "../mounted.js"

export class SmallDisk {
  readonly folder: string
  isMounted = false
  /** Ends what fills it. */
  #free = async () => {}

  /** Mounts it at a folder, which is made. If that cannot be, it is only a folder. */
  constructor(folder: string, mebibytes: number) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    if (!mayMount) return
    mountOn(folder, `${mebibytes}m`)
    this.isMounted = true
    onTestFinished(() => this.unmount())
  }

  /** Leaves no byte free. Resolves to what ends that. */
  async fill(): Promise<() => Promise<void>> {
    if (!this.isMounted) throw new Error(`${this.folder} is not a disk of its own: only root can mount one, on Linux`)
    const path = join(this.folder, "filler")
    const file = await open(path, "w")
    let isOver = false
    const filling = (async () => {
      // What others free meanwhile is taken, too.
      while (!isOver) {
        await fill(file)
        await wait(100)
      }
    })()
    this.#free = async () => {
      this.#free = async () => {}
      isOver = true
      await filling
      await file.close()
      rmSync(path)
    }
    return () => this.#free()
  }

  /** @param keepIn A folder for a copy of what is on it. */
  async unmount(keepIn?: string): Promise<void> {
    await this.#free()
    if (!this.isMounted) return
    this.isMounted = false
    if (keepIn !== undefined)
      cpSync(this.folder, keepIn, { recursive: true, filter: (from) => !lstatSync(from).isSocket() })
    execFileSync("umount", [this.folder])
  }
}

async function fill(file: FileHandle): Promise<void> {
  for (const size of [1 << 20, 4096]) {
    const bytes = Buffer.alloc(size)
    try {
      for (;;) await file.write(bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
    }
  }
}
