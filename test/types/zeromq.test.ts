// Every program that compiles against zeromq compiles against this package too.

import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { pack, unpack } from "../support/packed.js"
import { root } from "../support/process.js"
import { type Compiler, compile, compilers, layOut, type Mode, toText } from "../support/typescript.js"

/** The programs for each entry point, and which packages have it. */
const corpora = [
  { folder: "corpus", packages: ["zeromq", "ohmq"] },
  { folder: "corpus-draft", packages: ["zeromq", "ohmq"] },
  { folder: "corpus-v5", packages: ["zeromq", "ohmq"] },
]

/** Each compiler once at least, and each way to resolve modules with the newest that knows it. */
const runs: [Compiler, Mode[]][] = [
  ["5.9", ["node10"]],
  ["7.0", ["node16", "nodenext", "bundler"]],
]
const older: [Compiler, Mode[]][] = [
  ["5.0", ["nodenext"]],
  ["5.4", ["bundler"]],
  ["6.0", ["nodenext"]],
]

const work = sharedFolder()
const installed = path.join(work, "installed")

beforeAll(async () => {
  await unpack(await pack(work), installed)
})

describe.each(["zeromq", "ohmq"] as const)("programs for zeromq, against %s", (name) => {
  const programs = corpora
    .filter(({ packages }) => packages.includes(name))
    .map(({ folder }) => path.join(root, "test/types", folder))
  const target = name === "zeromq" ? path.join(root, "node_modules/zeromq") : installed

  describe.each(name === "zeromq" ? runs : [...runs, ...older])("with TypeScript %s", (compiler, modes) => {
    const folder = path.join(work, `${name}-${compiler}`)

    beforeAll(() => {
      layOut(folder, programs, { zeromq: target, "@types/node": compilers[compiler].node })
    })

    it.each(modes)(
      "compile, resolved as %s",
      async (mode) => {
        expect((await compile(folder, compiler, mode)).map(toText)).toEqual([])
      },
      120_000,
    )
  })
})
