// A worker runs it for each task: scans a commit with one scanner, sends the findings to the relay, and leaves them in scan.sarif for the queue.

import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import path from "node:path"

import { scanners } from "./scanners.mjs"

/** The files of a commit, in a folder. */
function checkOut(repository, commit, folder) {
  // The webhook says which repository: it must be one of ours, and no other path.
  if (!/^[\w-]+\/[\w-]+$/.test(repository)) throw new Error(`Expected OWNER/NAME but received ${repository}`)
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error(`Expected a commit but received ${commit}`)
  const git = path.join(process.env.REPOSITORIES, `${repository}.git`)
  const source = path.join(folder, "source")
  mkdirSync(source)
  // Not `git archive`: the commit itself could say, in .gitattributes, what that leaves out.
  const options = { cwd: source, env: { ...process.env, GIT_INDEX_FILE: path.join(folder, "index") } }
  execFileSync("git", ["--git-dir", git, "read-tree", commit], options)
  execFileSync("git", ["--git-dir", git, "--work-tree", source, "checkout-index", "--all"], options)
  return source
}

function scan(name, source) {
  const { program, args, okCodes, toSarif } = scanners[name]
  const [command, ...first] = program
  const options = { cwd: source, encoding: "utf8", maxBuffer: 64 << 20 }
  const { status, stdout, stderr, error } = spawnSync(command, [...first, ...args], options)
  if (error) throw error
  if (!okCodes.includes(status)) throw new Error(`${name} ended with ${status}: ${stderr || stdout}`)
  return toSarif(stdout, source)
}

const [name, repository, commit, folder] = process.argv.slice(2)
try {
  const report = path.join(folder, "scan.sarif")
  writeFileSync(report, JSON.stringify(scan(name, checkOut(repository, commit, folder))))
  const keys = ["--cert", "scanner.key_secret", "--server-cert", "relay.key"]
  const where = ["--source", `/${repository}/commit/${commit}`]
  // Once this ends with 0, the findings are on the relay's disk.
  execFileSync("ohmq", ["emit", "--sarif", report, "--wait-ack", ...where, ...keys])
} catch (error) {
  // The queue keeps the last line as the reason.
  console.error(error.message.trim())
  process.exitCode = 1
}
