// The types of this package's own API: what compiles, and what is refused, and for the right reason.

import { readFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { pack, unpack } from "../support/packed.js"
import { root } from "../support/process.js"
import { type Compiler, compile, compilers, layOut } from "../support/typescript.js"

const programs = path.join(root, "test/types/own")
const work = sharedFolder()
const installed = path.join(work, "installed")

beforeAll(async () => {
  await unpack(await pack(work), installed)
})

/** What the comments of refused.ts foretell: the line that each is about, the code, of which compilers differ, and words of the text. */
const foretold = readFileSync(path.join(programs, "refused.ts"), "utf8")
  .split("\n")
  .flatMap((line, index) => {
    const [, codes, text] = /@ts-expect-error ((?:TS\d+ ?)+): (.*)/.exec(line) ?? []
    if (codes === undefined) return []
    return [
      { line: index + 2, code: expect.toBeOneOf(codes.split(" ")), text: expect.stringContaining(text as string) },
    ]
  })

describe.each<Compiler>(["5.0", "7.0"])("with TypeScript %s", (compiler) => {
  it("accepts what is right and refuses what is wrong, for the reason given", async () => {
    const folder = path.join(work, compiler)
    layOut(folder, [programs], { ohmq: installed, "@types/node": compilers[compiler].node }, (source) =>
      source.replaceAll("@ts-expect-error", "refused:"),
    )
    // There is top-level await, so the program is an ES module.
    const found = await compile(folder, compiler, "nodenext", ["esm"])
    expect(new Set(found.map(({ file, text }) => (file.endsWith("refused.ts") ? file : `${file}: ${text}`)))).toEqual(
      new Set(["esm/own/refused.ts"]),
    )
    expect(found.map(({ line, code, text }) => ({ line, code, text }))).toEqual(foretold)
  }, 120_000)
})
