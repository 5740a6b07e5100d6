// The tarball, as the tools see it that package authors check theirs with.

import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { checkedTypes, publintMessages } from "../support/package-checks.js"
import { pack } from "../support/packed.js"

const work = sharedFolder()
let tarball: string

beforeAll(async () => {
  tarball = await pack(work)
})

describe("The tarball", () => {
  it("is what publint wants, to its last suggestion", async () => {
    expect(await publintMessages(tarball, path.join(work, "package"))).toEqual([])
  })

  it("has types that are right for every way to import it, says arethetypeswrong", async () => {
    const checked = await checkedTypes(tarball)
    expect(checked.types).toEqual({ kind: "included" })
    expect(Object.keys(checked.entrypoints)).toContain(".")
    expect(checked.problems).toEqual([])
  })
})
