// What a copy of ohmq consists of: ohmq/installation.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { Context, capability, version } from "ohmq"
import { installation } from "ohmq/installation"
import { describe, expect, it } from "vitest"
import { root } from "./support/process.js"

describe("installation", () => {
  it("says what ohmq says, and which file the addon is", () => {
    const { ioThreads, maxSockets, maxSocketsLimit } = new Context()
    const file = process.env.OHMQ_PREBUILD
      ? expect.stringMatching(/\.node$/)
      : path.join(root, "build/Release/ohmq.node")
    const { addon, ...rest } = installation()
    const stamp = JSON.parse(readFileSync(path.join(root, "build/libzmq/stamp.json"), "utf8"))
    expect(rest).toEqual({
      libzmq: version,
      libsodium: capability.patches.length > 0 ? stamp.versions.libsodium : null,
      capabilities: { ...capability },
      patches: capability.patches,
      ioThreads,
      maxSockets,
      maxSocketsLimit,
    })
    expect(addon).toEqual(file)
    expect(createRequire(import.meta.url)(addon).version).toBe(version)
  })
})
