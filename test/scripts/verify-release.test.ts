import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it, vi } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { listFiles, packPackage, prebuiltAddon } from "../support/package.js"
import { root, runCommand } from "../support/process.js"
import { find, runScript } from "../support/project-copy.js"

const load = (file: string) => import(path.join(root, "scripts/lib", file))
const { bom, sha256, zigTool } = await load("sbom.mjs")
const { nativeTargets, targets } = await load("targets.mjs")

type Target = { name: string; addon: string; sbom: string; zig?: string }
const addon = prebuiltAddon().split(path.sep).join("/")
const linux: Target = targets.find((target: Target) => target.addon === addon)
const others: Target[] = targets.filter((target: Target) => target !== linux)

vi.setConfig({ testTimeout: 180_000 })

/** The head of a file as macOS and Windows have it for a target. */
function head(name: string): Buffer {
  const bytes = Buffer.alloc(256)
  if (name.startsWith("darwin")) {
    bytes.writeUInt32LE(0xfeedfacf, 0)
    bytes.writeUInt32LE(name === "darwin-x64" ? 0x01000007 : 0x0100000c, 4)
    return bytes
  }
  bytes.write("MZ", 0)
  bytes.writeUInt32LE(0x80, 0x3c)
  bytes.write("PE\0\0", 0x80)
  bytes.writeUInt16LE(name === "win32-x64" ? 0x8664 : 0xaa64, 0x84)
  return bytes
}

function writeBom(
  folder: string,
  target: Target,
  change: (document: ReturnType<typeof JSON.parse>) => void = () => {},
) {
  const archive = { url: "archive.tar.gz", sha256: "0".repeat(64) }
  const made = { tools: target.zig ? [zigTool] : [{ type: "application", name: "compiler" }], headers: "20.19.0" }
  const archives = { libzmq: archive, libsodium: archive }
  const versions = { libzmq: "4.3.5", libsodium: "1.0.22" }
  // As text and back: parts of what bom() gives are one object.
  const document = JSON.parse(
    JSON.stringify(bom(target, path.join(folder, target.addon), { versions, archives, made })),
  )
  change(document)
  writeFileSync(path.join(folder, target.sbom), JSON.stringify(document))
}

/** Gives the package what a release has, but for one addon for Linux alone: addons for macOS and Windows, bills of materials, sums. */
function complete(folder: string) {
  for (const { addon, sbom } of others)
    for (const file of [addon, sbom]) rmSync(path.join(folder, file), { force: true })
  for (const target of nativeTargets) {
    mkdirSync(path.join(folder, path.dirname(target.addon)), { recursive: true })
    writeFileSync(path.join(folder, target.addon), head(target.name))
  }
  for (const target of [linux, ...nativeTargets]) writeBom(folder, target)
  writeSums(folder)
}

function writeSums(folder: string) {
  const prebuilds = path.join(folder, "prebuilds")
  const lines = listFiles(prebuilds)
    .filter((file) => file !== "SHA256SUMS")
    .map((file) => `${sha256(path.join(prebuilds, file))}  ${file}\n`)
  writeFileSync(path.join(prebuilds, "SHA256SUMS"), lines.join(""))
}

/** What verify-release says of the package, once `change` has been at its files. */
async function verify(change: (folder: string) => void, ...options: string[]) {
  const tarball = await packPackage(temporaryFolder())
  const base = temporaryFolder()
  await runCommand("tar", ["-xzf", tarball, "-C", base])
  change(path.join(base, "package"))
  const changed = path.join(temporaryFolder(), "changed.tgz")
  await runCommand("tar", ["-czf", changed, "-C", base, ...readdirSync(base)])
  const outcome = await runScript(root, "verify-release.mjs", [...options, changed])
  return { ...outcome, problems: outcome.stderr.split("\n").filter((line) => line.startsWith("  ")) }
}

/** What is wrong with an addon that was compiled for this machine alone; nothing else is with a package that has one. */
const ofThisAddon = (problem: string) => problem.startsWith(`  ${addon}: it `)

describe.runIf(process.platform === "linux" && find("readelf"))("verify-release.mjs", () => {
  it("accepts what this clone makes, with addons for all platforms", async () => {
    const { problems } = await verify(complete, "--any-source")
    const missing = others.flatMap(({ addon, sbom }) => [addon, sbom]).map((file) => `  ${file}: missing`)
    expect(problems.filter((problem) => !ofThisAddon(problem))).toEqual(missing)
  })

  it("names what does not belong, what is missing and what was changed", async () => {
    const [mac, , windows] = nativeTargets
    const { repository } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"))
    const unattested = repository
      ? "test/scripts/provenance/attestations.json: its signature is invalid: Failed to verify certificate chain"
      : "package.json: has no repository to compare the provenance with"
    const unpinned = [linux, ...nativeTargets].flatMap(({ sbom }) => [
      `${sbom}: libzmq 4.3.5 is not the pinned release`,
      `${sbom}: libsodium 1.0.22 is not the pinned release`,
    ])
    const { status, stdout, problems } = await verify(
      (folder) => {
        complete(folder)
        writeFileSync(path.join(folder, addon), readFileSync(path.join(root, "build/Release/ohmq.node")))
        writeFileSync(path.join(folder, mac.addon), head("darwin-arm64"))
        writeBom(folder, mac, ({ components }) =>
          components.push({ ...components[0], name: "more", "bom-ref": "more" }),
        )
        writeBom(folder, windows, (document) => {
          document.metadata.tools = undefined
          document.components = document.components.filter(({ name }: Target) => name !== "node-addon-api")
        })
        writeBom(folder, linux, ({ metadata, components }) => {
          metadata.tools.components[0].version = "0.12.0"
          metadata.component.hashes[0].content = "0".repeat(64)
          components.find(({ name }: Target) => name === "libunwind").properties[0].value = "0"
        })
        writeSums(folder)
        appendFileSync(path.join(folder, "prebuilds/SHA256SUMS"), `${"0".repeat(64)}  nowhere.node\n`)
        appendFileSync(path.join(folder, windows.addon), "more")
        writeFileSync(path.join(folder, "dist/extra.js"), "")
        writeFileSync(path.join(folder, "prebuilds/helper.node"), "")
        rmSync(path.join(folder, "dist/draft.js"))
        // npm unpacks this as dist/stray.js, and no links.
        mkdirSync(path.join(folder, "../other/dist"), { recursive: true })
        writeFileSync(path.join(folder, "../other/dist/stray.js"), "")
        rmSync(path.join(folder, "README.md"))
        symlinkSync(path.join(root, "README.md"), path.join(folder, "README.md"))
        for (const file of ["dist/index.js", "docs/options.md", "native/addon.cc"]) {
          appendFileSync(path.join(folder, file), "// more\n")
        }
      },
      "--any-platforms",
      "--provenance=test/scripts/provenance/attestations.json",
    )
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(problems.filter((problem) => !ofThisAddon(problem) && !problem.includes("README.md")).sort()).toEqual(
      [
        ...unpinned,
        unattested,
        "dist/draft.js: missing",
        "dist/extra.js: does not belong in the package",
        "dist/stray.js: does not belong in the package",
        "prebuilds/helper.node: does not belong in the package",
        "dist/index.js: differs from this clone",
        "docs/options.md: differs from this clone",
        "native/addon.cc: differs from this clone",
        "prebuilds/SHA256SUMS: lists nowhere.node, which is missing",
        "prebuilds/helper.node: not in SHA256SUMS",
        `${windows.addon}: does not have the hash in SHA256SUMS`,
        `${mac.addon}: it is not for ${mac.name}`,
        `${mac.sbom}: more is not part of the addon`,
        "THIRD-PARTY-NOTICES.md: has no section on more",
        `${windows.sbom}: belongs to another addon`,
        `${windows.sbom}: node-addon-api differs from what this clone links`,
        `${windows.sbom}: lists no compiler`,
        `${linux.sbom}: belongs to another addon`,
        `${linux.sbom}: libunwind differs from what this clone links`,
        `${linux.sbom}: was not built by the pinned compiler`,
      ]
        .map((problem) => `  ${problem}`)
        .sort(),
    )
    expect(problems.some((problem) => /^ {2}neither a file nor a folder: l.*README\.md/.test(problem))).toBe(true)
    expect(problems).toContain(`  ${addon}: it is not stripped`)
    expect(problems.find((problem) => problem.startsWith(`  ${addon}: it exports `))).toBeDefined()
  })

  it.each([
    [["--nothing"], "Unknown option '--nothing'. Run: npm run verify-release -- --help"],
    [[], "Expected one tarball, but received 0. Run: npm run verify-release -- --help"],
    [["nowhere.tgz"], "'nowhere.tgz' does not exist."],
    [["package.json"], "tar cannot unpack 'package.json'."],
  ])("refuses %j", async (args, message) => {
    const { status, stderr } = await runScript(root, "verify-release.mjs", args)
    expect({ status, stderr: stderr.trim() }).toEqual({ status: 1, stderr: message })
  })
})
