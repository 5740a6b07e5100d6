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

it.each(mends as { why: string; file: string; before: string; after: string }[])(
  "mends once: $why",
  ({ file, before, after, why }) => {
    const folder = sources(`one\n  ${before}\ntwo\n`)
    expect(mend(folder).map((done: { why: string }) => done.why)).toContain(why)
    expect(readFileSync(path.join(folder, file), "utf8")).toBe(`one\n  ${after}\ntwo\n`)
    expect(mend(folder)).toEqual([])
  },
)

it("leaves alone what has no such fault, or is not there", () => {
  const folder = sources("nothing of the kind\n")
  expect(mend(folder)).toEqual([])
  for (const { file } of mends) expect(readFileSync(path.join(folder, file), "utf8")).toBe("nothing of the kind\n")
  expect(mend(path.join(folder, "nowhere"))).toEqual([])
})

it("has found each fault in the libzmq that was compiled", () => {
  const { archives } = JSON.parse(readFileSync(path.join(root, "build/libzmq/stamp.json"), "utf8"))
  expect(archives.libzmq.mended).toEqual(mends.map(({ why }: { why: string }) => why))
})
