import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { expect, it, onTestFinished } from "vitest"

import { root } from "../support/process.js"

const { tune, tunings } = await import(path.join(root, "scripts/lib/tunings.mjs"))

interface Edit {
  file: string
  before: string
  after: string
}

/** Sources in which all of these can be made. */
function sources(edits: Edit[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-tunings-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const file of new Set(edits.map((edit) => edit.file))) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    const places = edits.filter((edit) => edit.file === file).map((edit) => edit.before)
    writeFileSync(path.join(folder, file), places.join("between\n"))
  }
  return folder
}

const everything: Edit[] = tunings.flatMap(({ edits }: { edits: Edit[] }) => edits)

it.each(tunings as { why: string; edits: Edit[] }[])("makes all of: $why", ({ why, edits }) => {
  const folder = sources(everything)
  expect(tune(folder).tuned).toContain(why)
  for (const { file, after } of edits) expect(readFileSync(path.join(folder, file), "utf8")).toContain(after)
})

it.each(tunings as { why: string; edits: Edit[] }[])(
  "or, where a line is another, nothing of: $why",
  ({ why, edits }) => {
    for (const missing of edits) {
      const folder = sources(everything)
      const name = path.join(folder, missing.file)
      writeFileSync(name, readFileSync(name, "utf8").replace(missing.before, "another\n"))
      const { tuned, untuned } = tune(folder)
      expect({ tuned, untuned }).toEqual({
        tuned: tunings.map((one: { why: string }) => one.why).filter((one: string) => one !== why),
        untuned: [why],
      })
      for (const { file, after } of edits) expect(readFileSync(path.join(folder, file), "utf8")).not.toContain(after)
    }
  },
)

it("has tuned the libzmq that was compiled", () => {
  const { archives } = JSON.parse(readFileSync(path.join(root, "build/libzmq/stamp.json"), "utf8"))
  expect(archives.libzmq.tuned).toEqual(tunings.map(({ why }: { why: string }) => why))
})
