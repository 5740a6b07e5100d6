// The tarball, as the tools see it that package authors check theirs with.

import { readFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { pack, unpack } from "../support/packed.js"
import { loadToolchain } from "../support/toolchains.js"

const work = sharedFolder()
let tarball: string

beforeAll(async () => {
  tarball = await pack(work)
})

describe("The tarball", () => {
  it("is what publint wants, to its last suggestion", async () => {
    const folder = path.join(work, "package")
    await unpack(tarball, folder)
    const { publint } = await loadToolchain<{
      publint(options: object): Promise<{ messages: { code: string; path: string[] }[] }>
    }>("publint")
    const { messages } = await publint({ pkgDir: folder, level: "suggestion", strict: true, pack: false })
    expect(messages).toEqual([])
  })

  it("has types that are right for every way to import it, says arethetypeswrong", async () => {
    const { checkPackage, createPackageFromTarballData } = await loadToolchain<{
      checkPackage(data: unknown): Promise<{ types: unknown; entrypoints: object; problems: object[] }>
      createPackageFromTarballData(tarball: Uint8Array): unknown
    }>("@arethetypeswrong/core")
    const checked = await checkPackage(createPackageFromTarballData(readFileSync(tarball)))
    expect(checked.types).toEqual({ kind: "included" })
    expect(Object.keys(checked.entrypoints)).toContain(".")
    expect(checked.problems).toEqual([])
  }, 60_000)
})
