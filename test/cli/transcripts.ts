// Runs the transcripts of a document, its ```console blocks: each in a shell, which must show what the document says. Notes that a
// command waits are left out: they come if a machine is slow.

import { readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { expect } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { withFreePorts } from "../support/free-ports.js"
import { root } from "../support/process.js"
import { shell } from "./support.js"

/** What is typed: a command, or the rest of one. */
const isTyped = /^[$>] /

/** Debian's Python first: it has zmq. */
const PATH = `/usr/bin:${process.env.PATH}`

/** A pattern for an output in which "…" stands for any text, and a line of it for any lines. */
function patternOf(lines: readonly string[]): RegExp {
  const parts = lines.map((line) =>
    line === "…"
      ? "(?:.*\n)*?"
      : `${line
          .split("…")
          .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
          .join(".*")}\n`,
  )
  return new RegExp(`^${parts.join("")}$`)
}

/** The blocks of a language in a document. */
function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, block]) => block as string)
}

/** The first ```text block of a document must be what a program has printed at its end. With `anyNumbers`, its numbers may be others. */
export function expectClosing(document: string, stdout: string, { anyNumbers = false } = {}): void {
  const [block = ""] = blocksOf(readFileSync(path.join(root, document), "utf8"), "text")
  expect(block).not.toBe("")
  const plain = (text: string) => (anyNumbers ? text.replace(/ *\d+/g, " 0") : text)
  expect(plain(stdout)).toMatch(patternOf(["…", ...plain(block.trimEnd()).split("\n")]))
}

/**
 * Runs the transcripts of a document, one after the other in one folder: later ones use the files of earlier ones. Blocks of YAML that begin
 * with `# NAME.yaml` are in that folder as well. Returns how many transcripts there are.
 */
export async function expectTranscripts(document: string): Promise<number> {
  const text = readFileSync(path.join(root, document), "utf8")
  const files = blocksOf(text, "yaml").filter((block) => block.startsWith("# "))
  const transcripts = blocksOf(text, "console")
  const here = await withFreePorts(...files, ...transcripts)
  const cwd = temporaryFolder()
  for (const file of here.slice(0, files.length)) writeFileSync(path.join(cwd, /^# (\S+)/.exec(file)?.[1] ?? ""), file)
  for (const block of here.slice(files.length)) {
    const lines = block.trimEnd().split("\n")
    const commands = lines.filter((line) => isTyped.test(line)).map((line) => line.slice(2))
    const outcome = await shell(`exec 2>&1\n${commands.join("\n")}`, { cwd, env: { PATH }, timeout: 120_000 })
    const shown = outcome.stdout.replace(/^waiting for .*\n/gm, "")
    expect(shown, block).toMatch(patternOf(lines.filter((line) => !isTyped.test(line))))
  }
  return transcripts.length
}
