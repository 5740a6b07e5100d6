import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root } from "../support/process.js"

const { applyDiff, parseDiff, reversed } = await import(path.join(root, "scripts/lib/diff.mjs"))

/** A folder with files of these lines. */
function sources(files: Record<string, string>): string {
  const folder = temporaryFolder()
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), text, "latin1")
  }
  return folder
}

const read = (folder: string, file: string) => readFileSync(path.join(folder, file), "latin1")

const diff = `--- a/src/one.cpp
+++ b/src/one.cpp
@@ -2,3 +2,4 @@ somewhere
 b
-c
+C
+C
 d
@@ -8,2 +9,2 @@
 h
-i
+I
`
const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"
const after = "a\nb\nC\nC\nd\ne\nf\ng\nh\nI\nj\n"

describe("applyDiff", () => {
  it("changes the lines of a file", () => {
    const folder = sources({ "src/one.cpp": before })
    expect(applyDiff(folder, parseDiff(diff))).toBe(true)
    expect(read(folder, "src/one.cpp")).toBe(after)
  })

  it("takes them back by the reversed diff", () => {
    const folder = sources({ "src/one.cpp": after })
    expect(applyDiff(folder, reversed(parseDiff(diff)))).toBe(true)
    expect(read(folder, "src/one.cpp")).toBe(before)
  })

  it("finds lines that have moved", () => {
    const folder = sources({ "src/one.cpp": `new\nnew\n${before.replace("e\n", "")}` })
    expect(applyDiff(folder, parseDiff(diff))).toBe(true)
    expect(read(folder, "src/one.cpp")).toBe(`new\nnew\n${after.replace("e\n", "")}`)
  })

  it.each([
    ["a line of context is another", before.replace("h\n", "H\n")],
    ["a line that goes is another", before.replace("c\n", "X\n")],
    ["a blank is missing", before.replace("b\n", "b \n")],
    ["the file is too short", "b\nc\n"],
    ["the hunks stand the other way round", "h\ni\nb\nc\nd\n"],
    ["the lines have moved to two places", `new\n${before}b\nc\nd\n`],
  ])("changes nothing where %s", (_, text) => {
    const folder = sources({ "src/one.cpp": text })
    expect(applyDiff(folder, parseDiff(diff))).toBe(false)
    expect(read(folder, "src/one.cpp")).toBe(text)
  })

  it("changes all files of a diff, or none", () => {
    const both = parseDiff(`${diff}--- a/two\n+++ b/two\n@@ -1 +1 @@\n-old\n+new\n`)
    const folder = sources({ "src/one.cpp": before, two: "other\n" })
    expect(applyDiff(folder, both)).toBe(false)
    expect(read(folder, "src/one.cpp")).toBe(before)
    expect(applyDiff(sources({ "src/one.cpp": before }), both)).toBe(false)
    writeFileSync(path.join(folder, "two"), "old\n")
    expect(applyDiff(folder, both)).toBe(true)
    expect([read(folder, "src/one.cpp"), read(folder, "two")]).toEqual([after, "new\n"])
  })

  it("only says whether it would, where it is a dry run", () => {
    const folder = sources({ "src/one.cpp": before })
    expect(applyDiff(folder, parseDiff(diff), { dryRun: true })).toBe(true)
    expect(read(folder, "src/one.cpp")).toBe(before)
  })

  it("takes the place that the diff names where the lines are there twice", () => {
    const folder = sources({ "src/one.cpp": `${before}b\nc\nd\n` })
    expect(applyDiff(folder, parseDiff(diff))).toBe(true)
    expect(read(folder, "src/one.cpp")).toBe(`${after}b\nc\nd\n`)
  })

  it("keeps bytes that are not UTF-8, and the missing end of the last line", () => {
    const folder = sources({ "src/one.cpp": before.replace("a\n", "\xe9\xff\n").replace(/j\n$/, "j") })
    expect(applyDiff(folder, parseDiff(diff))).toBe(true)
    expect(read(folder, "src/one.cpp")).toBe(after.replace("a\n", "\xe9\xff\n").replace(/j\n$/, "j"))
  })

  it("reads a diff with the line ends of Windows, and without blanks on empty lines", () => {
    const folder = sources({ "src/one.cpp": "a\n\nb\n" })
    expect(
      applyDiff(folder, parseDiff("--- a/src/one.cpp\r\n+++ b/src/one.cpp\r\n@@ -2,2 +2,2 @@\r\n\r\n-b\r\n+B\r\n")),
    ).toBe(true)
    expect(read(folder, "src/one.cpp")).toBe("a\n\nB\n")
  })
})

describe("parseDiff", () => {
  it.each([
    ["nothing", "", '"" is not part of a diff'],
    ["a hunk without a file", "@@ -1 +1 @@\n-a\n+b\n", "does not begin a hunk"],
    ["a file of another folder", "--- src/one.cpp\n+++ b/src/one.cpp\n", "does not name a file below a/"],
    ["two names", "--- a/one\n+++ b/two\n", "does not match the line before"],
    ["a new file", "--- /dev/null\n+++ b/two\n", "does not name a file below a/"],
    ["too few lines", "--- a/one\n+++ b/one\n@@ -1,2 +1 @@\n-a\n", "fewer lines than it announces"],
    ["too many lines", "--- a/one\n+++ b/one\n@@ -1 +1,2 @@\n-a\n-b\n", "more lines than it announces"],
    ["a line of no kind", "--- a/one\n+++ b/one\n@@ -1,2 +1 @@\n-a\nb\n", "is neither a context line nor a change"],
    ["no hunk", "--- a/one\n+++ b/one\n", "the diff has no hunk"],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseDiff(text)).toThrow(message)
  })
})
