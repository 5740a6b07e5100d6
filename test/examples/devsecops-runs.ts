// The pipeline example as the tests run it: on folders of their own, by its command line.

import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { onTestFinished } from "vitest"

import { type Outcome, root, runCommand } from "../support/process.js"

export const pipeline = path.join(root, "examples/pipeline")
export const main = path.join(pipeline, "start.mjs")

export interface Run {
  tool: { driver: { name: string; version: string; rules: { id: string; shortDescription: { text: string } }[] } }
  artifacts: { location: { uri: string } }[]
  originalUriBaseIds: Record<string, { uri: string }>
  results: {
    ruleId: string
    ruleIndex: number
    level: string
    message: { text: string }
    locations: {
      physicalLocation: {
        artifactLocation: { uri: string; uriBaseId: string; index: number }
        region?: { startLine: number; startColumn: number; endLine: number; endColumn: number }
      }
    }[]
  }[]
}

export function write(folder: string, files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/** A folder with a name that needs quotes and escapes, for whoever asks to remove. */
export function temporary() {
  return realpathSync(mkdtempSync(path.join(tmpdir(), "ohmq pipeline ü ")))
}

export function outputFile() {
  const folder = temporary()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, "report.sarif")
}

export const runOf = (file: string): Run => JSON.parse(readFileSync(file, "utf8")).runs[0]
export const uris = (run: Run) => run.artifacts.map((artifact) => artifact.location.uri)

export function scan(target: string, ...args: string[]): Promise<Outcome> {
  return runCommand(process.execPath, [main, target, ...args], { timeout: 60_000 })
}
