// The declarations are readable with the types of any version of Node.js.

import path from "node:path"

import { beforeAll, expect, it } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { pack, unpack } from "../support/packed.js"
import { root } from "../support/process.js"
import { toolchain } from "../support/toolchains.js"
import { type Compiler, compile, layOut, toText } from "../support/typescript.js"

/** Each with the first and the last compiler that it supports, since @types/node has other files for older compilers. */
const runs: [string, string, Compiler[]][] = [
  ["20.1", toolchain("types-node-20.1"), ["5.0", "5.4"]],
  ["20", path.join(root, "node_modules/@types/node"), ["5.0", "7.0"]],
  ["22", toolchain("types-node-22"), ["5.0", "7.0"]],
  ["24", toolchain("types-node-24"), ["5.4", "7.0"]],
  ["25", toolchain("types-node-25"), ["5.4", "7.0"]],
  ["26", toolchain("types-node-26"), ["5.9", "7.0"]],
]

const work = sharedFolder()
const installed = path.join(work, "installed")

beforeAll(async () => {
  await unpack(await pack(work), installed)
})

it.each(runs.flatMap(([version, types, compilers]) => compilers.map((compiler) => ({ version, types, compiler }))))(
  "a program compiles with @types/node $version and TypeScript $compiler",
  async ({ version, types, compiler }) => {
    const folder = path.join(work, `${version}-${compiler}`)
    layOut(folder, [path.join(root, "test/types/every-node")], { ohmq: installed, "@types/node": types })
    expect((await compile(folder, compiler, "nodenext", ["cjs"])).map(toText)).toEqual([])
  },
  120_000,
)
