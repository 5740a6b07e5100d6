import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it, vi } from "vitest"

import { packPackage, prebuiltAddon } from "../support/package.js"
import { root, runCommand } from "../support/process.js"
import { find, runScript, temporaryFolder } from "../support/project-copy.js"

vi.setConfig({ testTimeout: 60_000 })

/** What verify-release says of the package, once `change` has been at its files. */
async function verify(change: (folder: string) => void, ...options: string[]) {
  const tarball = await packPackage(temporaryFolder())
  const base = temporaryFolder()
  await runCommand("tar", ["-xzf", tarball, "-C", base])
  change(path.join(base, "package"))
  const changed = path.join(base, "changed.tgz")
  await runCommand("tar", ["-czf", changed, "-C", base, "package"])
  return runScript(root, "verify-release.mjs", ["--any-source", "--any-platforms", ...options, changed])
}

const addon = prebuiltAddon().split(path.sep).join("/")

describe.runIf(process.platform === "linux" && find("readelf"))("verify-release.mjs", () => {
  it("names what does not belong, what is missing and what was changed", async () => {
    const { status, stdout, stderr } = await verify((folder) => {
      writeFileSync(path.join(folder, "dist/extra.js"), "")
      writeFileSync(path.join(folder, "prebuilds/helper.node"), "")
      rmSync(path.join(folder, "dist/index.js"))
      appendFileSync(path.join(folder, "native/addon.cc"), "// more\n")
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr).toContain("  dist/extra.js: does not belong there\n")
    expect(stderr).toContain("  prebuilds/helper.node: does not belong there\n")
    expect(stderr).toContain("  dist/index.js: missing\n")
    expect(stderr).toContain("  native/addon.cc: not as in this clone\n")
    expect(stderr.match(/does not belong there|not as in this clone/g)).toHaveLength(3)
  })

  it("names an addon that is not the one that was released", async () => {
    const { status, stderr } = await verify((folder) => {
      const sums = path.join(folder, "prebuilds/SHA256SUMS")
      mkdirSync(path.dirname(sums), { recursive: true })
      writeFileSync(sums, `${"0".repeat(64)}  ${addon.replace("prebuilds/", "")}\n`)
      const bom = path.join(folder, addon.replace(/node$/, "cdx.json"))
      if (existsSync(bom)) {
        const document = JSON.parse(readFileSync(bom, "utf8"))
        document.metadata.component.hashes[0].content = "0".repeat(64)
        writeFileSync(bom, JSON.stringify(document))
      }
    })
    expect(status).toBe(1)
    expect(stderr).toContain(`  ${addon}: not the file that SHA256SUMS lists\n`)
    expect(stderr).toMatch(/cdx\.json: (of another addon|missing)/)
  })

  it("names what an addon lacks that was not made for a release", async () => {
    const { status, stderr } = await verify((folder) => {
      writeFileSync(path.join(folder, addon), readFileSync(path.join(root, "build/Release/ohmq.node")))
    })
    expect(status).toBe(1)
    expect(stderr).toContain(`  ${addon}: it exports `)
    expect(stderr).toContain(`  ${addon}: it is not stripped\n`)
  })

  it("names a provenance of something else", async () => {
    const file = path.join(temporaryFolder(), "provenance.json")
    const statement = { subject: [{ digest: { sha512: "00" } }], predicate: {} }
    const payload = Buffer.from(JSON.stringify(statement)).toString("base64")
    const attestation = { predicateType: "https://slsa.dev/provenance/v1", bundle: { dsseEnvelope: { payload } } }
    writeFileSync(file, JSON.stringify({ attestations: [attestation] }))
    const { stderr } = await verify(() => {}, `--provenance=${file}`)
    expect(stderr).toContain(`  ${file}: attests another tarball\n`)
  })

  it.each([
    [["--nothing"], "Unknown option '--nothing'. Run: npm run verify-release -- --help"],
    [[], "One tarball is wanted. Run: npm run verify-release -- --help"],
    [["nowhere.tgz"], "'nowhere.tgz' does not exist."],
    [["package.json"], "'package.json' is not an archive that tar can unpack."],
  ])("refuses %j", async (args, message) => {
    const { status, stderr } = await runScript(root, "verify-release.mjs", args)
    expect({ status, stderr: stderr.trim() }).toEqual({ status: 1, stderr: message })
  })
})
