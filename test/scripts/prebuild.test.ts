import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import { promisify } from "node:util"

import prebuildify from "prebuildify"
import { describe, expect, it } from "vitest"

import { prebuildifyOptions } from "../../scripts/lib/prebuilt.mjs"
import { nativeTargets, targets } from "../../scripts/lib/targets.mjs"
import { posix } from "../support/bare-project.js"
import { temporaryFolder } from "../support/folders.js"
import { listFiles } from "../support/package.js"

/** A program that prebuildify may run. */
function program(file: string, script: string): string {
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

describe.runIf(posix)("prebuildify, as prebuild.mjs runs it", () => {
  it.each([...targets, ...nativeTargets])("gives the addon for $name its place and name, stripped", async (target) => {
    const folder = temporaryFolder()
    const out = path.join(folder, "out")
    const cwd = path.join(folder, "cwd")
    mkdirSync(cwd)
    await promisify(prebuildify)({
      ...{ ...prebuildifyOptions(target, out), cwd, cache: path.join(folder, "cache") },
      nodeGyp: program(
        path.join(folder, "node-gyp"),
        `mkdir -p build/Release && echo $PREBUILD_PLATFORM-$PREBUILD_ARCH > build/Release/ohmq.node`,
      ),
      stripBin: program(path.join(folder, "strip"), `echo stripped >> "$1"`),
    })
    expect(listFiles(out)).toEqual([target.addon])
    expect(readFileSync(path.join(out, target.addon), "utf8")).toBe(`${target.platform}-${target.arch}\nstripped\n`)
  })
})
