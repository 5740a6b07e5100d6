// Watches a git repository: which files a new commit has changed.

import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"

import { isSource } from "./files.mjs"

const run = promisify(execFile)
const LOOK = 1000

const git = async (root, ...args) => (await run("git", ["-C", root, ...args], { maxBuffer: 64 << 20 })).stdout

/** The last commit of the repository that a folder is in, or undefined if it is in none, or there is no git. */
export async function headOf(root) {
  return (await git(root, "rev-parse", "--verify", "HEAD").catch(() => "")).trim() || undefined
}

/** Each new commit, with the source files below `root` that it has added or changed. Ends when the signal is aborted. */
export async function* commits(root, from, signal) {
  let last = from
  for (;;) {
    await sleep(LOOK, undefined, { signal })
    const commit = await headOf(root)
    if (commit === undefined || commit === last) continue
    // Of a rebase, too: what differs between the two.
    const names = await git(root, "diff", "--name-only", "--relative", "--diff-filter=d", "-z", last, commit)
    const changed = names.split("\0").filter((name) => isSource(name) && existsSync(path.join(root, name)))
    last = commit
    yield { commit, files: changed }
  }
}
