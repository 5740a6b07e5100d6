import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { expect, it, onTestFinished } from "vitest"

import { root } from "../support/process.js"

const { mend, mends } = await import(path.join(root, "scripts/lib/mends.mjs"))

function sources(content: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-mends-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const { file } of mends) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), content)
  }
  return folder
}

interface Mend {
  why: string
  file: string
  before: string
  after: string
}

it.each(mends as Mend[])("mends once: $why", ({ file, before, after, why }) => {
  const folder = sources(`one\n  ${before}\ntwo\n`)
  expect(mend(folder).mended).toContain(why)
  expect(readFileSync(path.join(folder, file), "utf8")).toBe(`one\n  ${after}\ntwo\n`)
  expect(mend(folder).mended).toEqual([])
})

it("tells which faults it did not find, and leaves those files alone", () => {
  const all = mends.map(({ why }: Mend) => why)
  const folder = sources("nothing of the kind\n")
  expect(mend(folder)).toEqual({ mended: [], missed: all })
  for (const { file } of mends) expect(readFileSync(path.join(folder, file), "utf8")).toBe("nothing of the kind\n")
  expect(mend(path.join(folder, "nowhere"))).toEqual({ mended: [], missed: all })
})

it("misses no fault that a release does not have any more", () => {
  const [{ file, why, before, after }] = mends
  const folder = sources(`one\n${after}\ntwo\n`)
  expect(mend(folder).missed).not.toContain(why)
  const known = { file, why, before, after, fixed: "otherwise" }
  expect(mend(folder, [known])).toEqual({ mended: [], missed: [why] })
  writeFileSync(path.join(folder, file), "mended otherwise")
  expect(mend(folder, [known])).toEqual({ mended: [], missed: [] })
})

it("has missed no fault in the libzmq that was compiled", () => {
  const { archives } = JSON.parse(readFileSync(path.join(root, "build/libzmq/stamp.json"), "utf8"))
  expect(archives.libzmq.missed).toEqual([])
})
