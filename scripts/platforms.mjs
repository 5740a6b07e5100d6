// Runs the prebuilt addons from the packed tarball on every runtime that this machine can run, and writes the table of docs/platforms.md.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { checkElf } from "./lib/elf.mjs"
import { fetchRuntime, runtimes } from "./lib/platform-runtimes.mjs"
import { Failure, inProject, runMain, say } from "./lib/project.mjs"
import { output } from "./lib/run.mjs"
import { targets } from "./lib/targets.mjs"
import { writeParts } from "./pages/generated.mjs"

const topic = "platforms"
const help = `Packs the package, installs the tarball, runs it on the runtimes that this machine can run, and writes the table of
docs/platforms.md.
Usage: npm run platforms. Needs Linux x64, npm run prebuilds first, and for these rows, which it otherwise omits:
  arm64  apt-get install qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross libatomic1-arm64-cross
  musl   apt-get install musl
`

/** Packs the package and installs it below `folder` as users do. The only command on the PATH is node. */
function install(folder) {
  const commands = path.join(folder, "commands")
  const project = path.join(folder, "project")
  for (const made of [commands, project]) mkdirSync(made)
  symlinkSync(process.execPath, path.join(commands, "node"))
  say(topic, "npm pack, then npm install --ignore-scripts of the tarball")
  const packed = output("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", project])
  if (packed === undefined) throw new Failure("npm pack failed.")
  const [{ filename }] = JSON.parse(packed)
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ private: true }))
  const npm = process.env.npm_execpath
  if (!npm?.endsWith("npm-cli.js")) throw new Failure("This script needs npm_execpath. Run: npm run platforms")
  const args = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", `./${filename}`]
  const env = { ...process.env, PATH: commands }
  if (output(process.execPath, args, { cwd: project, env }) === undefined) {
    throw new Failure("npm install of the tarball failed.")
  }
  copyFileSync(inProject("scripts/lib/smoke.mjs"), path.join(project, "smoke.mjs"))
  return { project, commands }
}

/** The output of the smoke test on a runtime, and the runtime's version. */
async function tryOn(runtime, { project, commands }) {
  const [command, ...args] = [...runtime.prefix, fetchRuntime(runtime)]
  const env = { HOME: process.env.HOME, PATH: commands }
  if (runtime.libraries !== undefined) env.LD_LIBRARY_PATH = await runtime.libraries()
  const options = { cwd: project, env, timeout: 180_000 }
  const version = /\d+\.\d+\.\d+/.exec(output(command, [...args, "--version"], options) ?? "")?.[0]
  const title = `${runtime.name} ${version ?? runtime.npm}${runtime.note}`
  say(topic, `${runtime.target} on ${title}`)
  return { title, result: output(command, [...args, ...runtime.args, "smoke.mjs"], options) ?? "fails" }
}

async function rowsOf(target, installed) {
  const addon = path.join(installed.project, "node_modules/ohmq", target.addon)
  if (!existsSync(addon)) throw new Failure(`${target.addon} is missing. Run: npm run prebuilds`)
  const { elf, problems } = checkElf(addon, target)
  if (problems.length > 0) throw new Failure(`${target.addon}: ${problems.join("; ")}.`)
  const runs = []
  for (const runtime of runtimes.filter((entry) => entry.target === target.name && entry.runs())) {
    runs.push(await tryOn(runtime, installed))
  }
  if (runs.length === 0) runs.push({ title: "none here", result: "built and checked, not run" })
  const size = `${(elf.size / 1e6).toFixed(2)} MB`
  const libc = elf.glibc ? `glibc ${elf.glibc}` : "musl"
  return runs.map(({ title, result }) => `| ${target.name} | ${title} | ${result} | ${libc} | ${size} |\n`)
}

await runMain(async (args) => {
  if (args.length > 0) {
    process.stdout.write(help)
    return args.includes("--help") || args.includes("-h") ? 0 : 1
  }
  const rows = []
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), "ohmq-platforms-"))
  try {
    const installed = install(folder)
    for (const target of targets) rows.push(...(await rowsOf(target, installed)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const table = `| target | runtime | smoke test | needs | size |\n|---|---|---|---|---|\n${rows.join("")}`
  writeParts("docs/platforms.md", "npm run platforms", { table })
  process.stdout.write(table)
  return rows.some((row) => row.includes("fails")) ? 1 : 0
})
