// Applies unified diffs exactly: a hunk may have moved, but each of its lines must match. It needs neither `patch` nor git.

import { existsSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

/** A hunk's lines before (`-` and context) or after (`+` and context) the change. */
const side = (hunk, sign) =>
  hunk.lines.filter(([first]) => first === " " || first === sign).map((line) => line.slice(1))

/**
 * The files of a diff: `{file, hunks}`, each hunk `{start, before, after}` with the index of its first line and its lines before and after.
 * A diff can only change files, not create, remove or rename them.
 */
export function parseDiff(text) {
  const files = []
  let hunk
  for (const [index, line] of text.replaceAll("\r\n", "\n").replace(/\n$/, "").split("\n").entries()) {
    const fail = (what) => {
      throw new Error(`line ${index + 1} of the diff: ${what}`)
    }
    const open = hunk !== undefined && (hunk.left > 0 || hunk.right > 0)
    if (open) {
      // Some editors strip the space of an empty context line.
      const kept = line === "" ? " " : line
      if (!/^[ +-]/.test(kept)) fail(`"${line}" is neither a context line nor a change`)
      if (kept[0] !== "+") hunk.left -= 1
      if (kept[0] !== "-") hunk.right -= 1
      if (hunk.left < 0 || hunk.right < 0) fail("the hunk has more lines than it announces")
      hunk.lines.push(kept)
    } else if (line.startsWith("--- ")) {
      const file = /^--- a\/(\S+)$/.exec(line)?.[1]
      if (file === undefined) fail(`"${line}" does not name a file below a/`)
      files.push({ file, hunks: [] })
    } else if (line.startsWith("+++ ")) {
      if (line !== `+++ b/${files.at(-1)?.file}`) fail(`"${line}" does not match the line before`)
    } else if (line.startsWith("@@ ")) {
      const numbers = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line)
      if (numbers === null || files.length === 0) fail(`"${line}" does not begin a hunk`)
      hunk = { start: numbers[1] - 1, left: Number(numbers[2] ?? 1), right: Number(numbers[3] ?? 1), lines: [] }
      files.at(-1).hunks.push(hunk)
    } else fail(`"${line}" is not part of a diff`)
  }
  if (hunk === undefined) throw new Error("the diff has no hunk")
  if (hunk.left > 0 || hunk.right > 0) throw new Error("the last hunk has fewer lines than it announces")
  return files.map(({ file, hunks }) => ({
    file,
    hunks: hunks.map((one) => ({ start: one.start, before: side(one, "-"), after: side(one, "+") })),
  }))
}

/** The diff that undoes another one. */
export const reversed = (files) =>
  files.map(({ file, hunks }) => ({
    file,
    hunks: hunks.map(({ start, before, after }) => ({ start, before: after, after: before })),
  }))

/** The index of `wanted` in `lines`, not before `from`: `near` if it matches there, or its only other place. -1 if there is none. */
function find(lines, wanted, from, near) {
  const fits = (at) => at >= from && wanted.every((line, index) => lines[at + index] === line)
  if (fits(near)) return near
  const places = []
  for (let at = from; at + wanted.length <= lines.length; at += 1) if (fits(at)) places.push(at)
  return places.length === 1 ? places[0] : -1
}

/** The lines of a file with its hunks applied, or undefined if one does not match. */
function changed(lines, hunks) {
  const result = []
  let done = 0
  let offset = 0
  for (const { start, before, after } of hunks) {
    const at = find(lines, before, done, start + offset)
    if (at < 0) return undefined
    offset = at - start
    result.push(...lines.slice(done, at), ...after)
    done = at + before.length
  }
  return [...result, ...lines.slice(done)]
}

/**
 * Applies a diff to the files in `folder`, completely or not at all, and returns whether it did. It preserves bytes that are not text.
 */
export function applyDiff(folder, files, { dryRun = false } = {}) {
  const results = []
  for (const { file, hunks } of files) {
    const name = path.join(folder, file)
    const lines = existsSync(name) ? readFileSync(name, "latin1").split("\n") : []
    const result = changed(lines, hunks)
    if (result === undefined) return false
    results.push([name, result.join("\n")])
  }
  if (!dryRun) for (const [name, text] of results) writeFileSync(name, text, "latin1")
  return true
}
