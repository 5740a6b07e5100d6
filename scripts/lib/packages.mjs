// Installs packages: the project's own, and those of examples that bring their own.

import { existsSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
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

/** Installs the packages that an example brings, in its folder or in those within. */
export async function ensureExample(name) {
  const folder = inProject("examples", name)
  const isLocked = (place) => existsSync(path.join(place, "package-lock.json"))
  for (const place of readdirSync(folder).map((one) => path.join(folder, one))) {
    if (isLocked(place)) await ensurePackages(place)
  }
  if (!isLocked(folder)) return
  await ensurePackages(folder)
  // npm would install what these need for their tests, too.
  for (const [name, target] of [
    ["ohmq", "../../.."],
    ["ohmq-toolkit", "../../../toolkit"],
  ]) {
    const link = path.join(folder, "node_modules", name)
    if (!existsSync(link)) symlinkSync(target, link, "junction")
  }
}
