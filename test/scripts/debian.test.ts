// The source packages of Debian, with an apt-get that has what a test gives it.

import { existsSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { bareProject, libzmq, pins, posix } from "../support/bare-project.js"
import { commands } from "../support/project-copy.js"

const about = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : ""
const own = /^VERSION_CODENAME="?([^"\n]*)/m.exec(about)?.[1] ?? ""
const { suite = "" } = pins.libzmq

/** Writes source packages of the versions in `has` ("suite package"), with a file that tells the version. */
const aptGet = (has: Record<string, string | undefined>, sum?: string) => `#!/usr/bin/env node
  const { createHash } = require("node:crypto")
  const { mkdirSync, readFileSync, writeFileSync } = require("node:fs")
  const parts = process.argv.find((word) => word.startsWith("Dir::Etc::SourceParts="))
  const [, suite] = / (\\w+) main/.exec(readFileSync(parts.slice(parts.indexOf("=") + 1) + "/ohmq.list", "utf8"))
  const name = process.argv.at(-1)
  const version = ${JSON.stringify(has)}[suite + " " + name]
  if (name !== "update") {
    if (version === undefined) process.exit(100)
    const archive = name + "_" + version + ".orig.tar.gz"
    mkdirSync("sources/include", { recursive: true })
    for (const part of ["MAJOR 4", "MINOR 3", "PATCH 4"]) writeFileSync("sources/include/zmq.h", "#define ZMQ_VERSION_" + part + "\\n", { flag: "a" })
    writeFileSync("sources/README", version)
    require("node:child_process").spawnSync("tar", ["-cf", archive, "sources"])
    const sum = ${JSON.stringify(sum)} ?? createHash("sha256").update(readFileSync(archive)).digest("hex")
    writeFileSync(name + "_" + version + "-1.dsc", "Checksums-Sha256:\\n " + sum + " 1 " + archive + "\\n")
  }
`

/** Runs libzmq.mjs with these packages and no archives; without a compiler it ends once it has the sources. */
async function run(has: Record<string, string | undefined>, sum?: string) {
  const bin = commands("env", "tar")
  writeFileSync(path.join(bin, "apt-get"), aptGet(has, sum), { mode: 0o755 })
  const folder = bareProject((changed) => {
    for (const pin of Object.values(changed)) pin.url = "http://127.0.0.1:1/none.tar.gz"
  })
  const { stderr } = await libzmq(folder, [], { PATH: bin })
  const source = (library: string) =>
    readFileSync(path.join(folder, "build/libzmq/source", library, "sources/README"), "utf8")
  return { stderr, source }
}

describe.runIf(posix && /^ID="?debian"?$/m.test(about) && own !== suite)("libzmq.mjs on Debian", () => {
  const all = { [`${suite} zeromq3`]: "4.0.2", [`${own} zeromq3`]: "4.0.1", [`${own} libsodium`]: "1.0.1" }

  it("takes the pinned libzmq from the release of Debian that has it, and libsodium from its own", async () => {
    const { source } = await run(all)
    expect([source("libzmq"), source("libsodium")]).toEqual(["4.0.2", "1.0.1"])
  })

  it("takes its own release's libzmq where that one cannot be had", async () => {
    const { stderr, source } = await run({ ...all, [`${suite} zeromq3`]: undefined })
    expect(stderr).toContain(`could not download zeromq3 from '${suite}'`)
    expect(source("libzmq")).toBe("4.0.1")
  })

  it("stops where its sources are not such as the patches are for", async () => {
    const { stderr } = await run(all)
    expect(stderr).toMatch(
      /\nThese patches do not match libzmq 4\.3\.4: 0001-disconnect-message-without-pipe .*--allow-unpatched/,
    )
  })

  it("takes nothing that is not what the .dsc lists", async () => {
    const { stderr } = await run(all, "0".repeat(64))
    expect(stderr).toContain("zeromq3_4.0.2.orig.tar.gz does not have the SHA-256 that zeromq3_4.0.2-1.dsc lists")
  })
})
