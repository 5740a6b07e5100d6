// The folder of the data: a temporary one, which is removed, or one that the user names and keeps.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { Failure } from "./failure.mjs"

/** Says that a folder is one of this program. */
const mark = "devsecops.txt"

/** Opens the folder `kept`, or a temporary one. `release` removes what is not kept. */
export function openData(kept) {
  if (kept === undefined) {
    const folder = mkdtempSync(path.join(tmpdir(), "ohmq-devsecops-"))
    return { folder, release: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) }
  }
  const quoted = JSON.stringify(kept)
  try {
    mkdirSync(kept, { recursive: true })
    if (!existsSync(path.join(kept, mark))) {
      if (readdirSync(kept).length > 0) throw new Failure(`${quoted} is not empty, and has no data of this program`, 2)
      writeFileSync(
        path.join(kept, mark),
        "The data of npm start -- --data: keys, tasks, events, audit log. Delete it when you like.\n",
      )
    }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(`Cannot use ${quoted} for the data: ${error.message}`, 2)
  }
  return { folder: kept, release: () => rmSync(path.join(kept, "tmp"), { recursive: true, force: true }) }
}
