// Packs the package as users get it, with an addon in prebuilds/, and installs it in empty folders.

import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { type Outcome, root, runCommand } from "./process.js"
import { commands } from "./project-copy.js"

/** The path of this machine's prebuilt addon in the package. */
export function prebuiltAddon(): string {
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  const libc = report.header.glibcVersionRuntime ? "glibc" : "musl"
  const name = process.platform === "linux" ? `ohmq.${libc}.node` : "ohmq.node"
  return path.join("prebuilds", `${process.platform}-${process.arch}`, name)
}

/** npm, offline and without scripts, independent of the machine's settings. */
export const npm = (folder: string, ...args: string[]): Promise<Outcome> => npmIn(folder, folder, args)

/** `home` is the folder for npm's cache. */
function npmIn(folder: string, home: string, args: string[]): Promise<Outcome> {
  const found = process.env.npm_execpath?.endsWith("npm-cli.js") ? process.env.npm_execpath : undefined
  const command = found ? process.execPath : "npm"
  const options = ["--ignore-scripts", "--offline", "--no-audit", "--no-fund", "--loglevel=error"]
  return runCommand(command, [...(found ? [found] : []), ...args, ...options], {
    cwd: folder,
    timeout: 60_000,
    env: { npm_config_cache: path.join(home, ".npm"), npm_config_userconfig: path.join(home, "no-npmrc") },
  })
}

async function pack(source: string, target: string): Promise<string> {
  const { status, stdout, stderr } = await npmIn(source, target, ["pack", "--json", "--pack-destination", target])
  if (status !== 0) throw new Error(stderr)
  const [{ filename }] = JSON.parse(stdout)
  return path.join(target, filename)
}

/** Packs the package below `base`, with the prebuilt addon, or the compiled one if there is none. */
export async function packPackage(base: string): Promise<string> {
  const folder = path.join(base, "package")
  const manifest: { files: string[] } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"))
  // binding.gyp is there for npm to leave out.
  const others = ["package.json", "README.md", "LICENSE", "binding.gyp"]
  const parts = [...manifest.files.map((file) => file.split("/")[0] ?? file), ...others]
  for (const part of new Set(parts)) {
    if (existsSync(path.join(root, part))) cpSync(path.join(root, part), path.join(folder, part), { recursive: true })
  }
  const addon = path.join(folder, prebuiltAddon())
  if (!existsSync(addon)) {
    mkdirSync(path.dirname(addon), { recursive: true })
    copyFileSync(path.join(root, "build/Release/ohmq.node"), addon)
  }
  return pack(folder, base)
}

/** A project below `base` with the package installed. */
export async function installPackage(base: string): Promise<string> {
  const folder = path.join(base, "project")
  mkdirSync(folder)
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "project", private: true }))
  const { status, stderr } = await npm(folder, "install", await packPackage(base))
  if (status !== 0) throw new Error(stderr)
  return folder
}

/** A program that makes a round trip with CURVE and prints the version of libzmq. */
export const roundTrip = `
  const server = zmq.curveKeyPair()
  const client = zmq.curveKeyPair()
  const reply = new zmq.Reply({ curveServer: true, curveSecretKey: server.secretKey })
  await reply.bind("tcp://127.0.0.1:*")
  const request = new zmq.Request({
    curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey,
  })
  request.connect(reply.lastEndpoint)
  await request.send("ping")
  await reply.send([...(await reply.receive()), "pong"])
  console.log((await request.receive()).join(" "))
  for (const socket of [request, reply]) socket.close()
`

/** Runs an ES module in a project, with only node on the PATH. */
export function runIn(
  folder: string,
  source: string,
  env: NodeJS.ProcessEnv = {},
  flags: string[] = [],
): Promise<Outcome> {
  const file = path.join(folder, "program.mjs")
  writeFileSync(file, source)
  return runCommand(process.execPath, [...flags, file], {
    cwd: folder,
    env: { PATH: commands(), OHMQ_PREBUILD: undefined, ...env },
  })
}

/** The files in a folder, as paths with slashes. */
export const listFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort()
