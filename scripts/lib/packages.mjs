// Installs packages: the project's own, and those of examples that bring their own.

import { existsSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { fingerprint, inProject, readJson, root, say } from "./project.mjs"
import { run } from "./run.mjs"

/** Installs what the lock file in a folder lists, if that has changed. */
export async function ensurePackages(folder = root) {
  const stampFile = path.join(folder, "node_modules/.ohmq-setup.json")
  const recipe = fingerprint([path.join(folder, "package-lock.json")], process.platform, process.arch)
  if (readJson(stampFile)?.fingerprint === recipe) return
  const topic = ["packages", ...(folder === root ? [] : [path.basename(folder)])].join("-")
  say(topic, "npm ci (half a minute without a cache)")
  // Without install scripts, because no package here needs one.
  const npm = process.env.npm_execpath
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
  const log = inProject("build", `${topic}.log`)
  if (npm) await run(topic, process.execPath, [npm, ...args], { log, cwd: folder })
  else await run(topic, "npm", args, { log, cwd: folder, shell: process.platform === "win32" })
  writeFileSync(stampFile, `${JSON.stringify({ fingerprint: recipe })}\n`)
}

/** Installs the packages of an example, and links those of this project: npm would install what it needs for its own tests, too. */
export async function ensureExample(name) {
  const folder = inProject("examples", name)
  await ensurePackages(folder)
  for (const [name, target] of [
    ["ohmq", "../../.."],
    ["ohmq-toolkit", "../../../toolkit"],
  ]) {
    const link = path.join(folder, "node_modules", name)
    if (!existsSync(link)) symlinkSync(target, link, "junction")
  }
}
