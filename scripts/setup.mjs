// Makes a clone ready to use: installs packages, builds libzmq and the addon, compiles TypeScript. It skips whatever is up to date. With
// --packages, it stops after the packages; with --example=NAME, it also installs the packages of an example.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"

import { interfaceHeader } from "./interface.mjs"
import { ensureExample, ensurePackages } from "./lib/packages.mjs"
import { Failure, fingerprint, inProject, readJson, root, runMain, say } from "./lib/project.mjs"
import { compileTypeScript } from "./lib/typescript.mjs"

function checkNode() {
  const wanted = [20, 19]
  const [major, minor] = process.versions.node.split(".").map(Number)
  if (major > wanted[0] || (major === wanted[0] && minor >= wanted[1])) return
  throw new Failure(`ohmq needs Node ${wanted.join(".")} or later; this is ${process.versions.node}.`)
}

/** The header is committed, so it is not written here. */
function checkInterface() {
  if (readFileSync(inProject("native/interface.h"), "utf8") === interfaceHeader()) return
  throw new Failure("native/interface.h is out of date. Run 'node scripts/interface.mjs', and commit what it writes.")
}

/** The prebuilt addon for this platform, if the loader would use it. */
function prebuilt() {
  if (existsSync(inProject("build/Release/ohmq.node"))) return undefined
  const folder = inProject("prebuilds", `${process.platform}-${process.arch}`)
  const glibc = process.report.getReport().header.glibcVersionRuntime !== undefined
  const libc = process.platform === "linux" ? (glibc ? ".glibc" : ".musl") : ""
  const file = path.join(folder, `ohmq${libc}.node`)
  return existsSync(file) ? file : undefined
}

/** Compiles a package, if its sources or those of what it is built on have changed. */
async function ensureTypeScript(folder = root, ...others) {
  const inPackage = (name) => path.join(folder, name)
  const stampFile = inPackage("dist/.ohmq-setup.json")
  const sources = [inPackage("lib"), inPackage("tsconfig.json"), inProject("package-lock.json"), ...others]
  const recipe = fingerprint(sources)
  if (readJson(stampFile)?.fingerprint === recipe) return
  say("typescript", folder === root ? "compiling" : `compiling ${path.basename(folder)}`)
  rmSync(inPackage("dist"), { recursive: true, force: true })
  await compileTypeScript(inPackage("dist"), { project: folder })
  writeFileSync(stampFile, `${JSON.stringify({ fingerprint: recipe })}\n`)
}

async function ensureBinary() {
  const binary = prebuilt()
  if (binary !== undefined) return say("addon", `prebuilt, ${path.relative(root, binary)}`)
  // Imported after ensurePackages(), because building the addon needs some of the packages.
  const { ensureAddon } = await import("./addon.mjs")
  await ensureAddon()
}

/** The toolkit is compiled with the declarations of ohmq. */
async function ensureJavaScript() {
  await ensureTypeScript()
  await ensureTypeScript(inProject("toolkit"), inProject("lib"), inProject("tsconfig.json"))
}

await runMain(async (args) => {
  checkNode()
  await ensurePackages()
  if (args.includes("--packages")) return
  const example = args.find((arg) => arg.startsWith("--example="))?.slice("--example=".length)
  if (example !== undefined) await ensureExample(example)
  checkInterface()
  // Side by side: each uses one core for most of its time.
  const ended = await Promise.allSettled([ensureBinary(), ensureJavaScript()])
  const failed = ended.find(({ status }) => status === "rejected")
  if (failed) throw failed.reason
})
