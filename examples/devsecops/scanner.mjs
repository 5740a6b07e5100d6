// The SAST scanner: ESLint with the rules of eslint-plugin-security.

import { readFile } from "node:fs/promises"
import path from "node:path"
import * as typescript from "@typescript-eslint/parser"
import { Linter } from "eslint"
import security from "eslint-plugin-security"

import { logOfFile } from "./sarif.mjs"

const linter = new Linter({ configType: "flat" })

export const scanner = "ESLint"
export const version = linter.version

const tool = { name: scanner, version, url: "https://eslint.org" }

/** The plugin reports everything as a warning. These raise what an attacker can use directly, and lower what is mostly noise. */
const levels = {
  "security/detect-bidi-characters": "error",
  "security/detect-buffer-noassert": "error",
  "security/detect-child-process": "error",
  "security/detect-eval-with-expression": "error",
  "security/detect-unsafe-regex": "error",
  "security/detect-object-injection": "note",
}

const rules = {
  "parse-error": { text: "The file could not be parsed, so it was not scanned." },
  "scan-error": { text: "The file could not be read or scanned." },
}
for (const [id, { meta }] of Object.entries(security.rules)) {
  rules[`security/${id}`] = { text: meta.docs.description, url: meta.docs.url }
}

const config = (sourceType) => [
  {
    files: ["**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}"],
    ...security.configs.recommended,
    languageOptions: { sourceType, parserOptions: { ecmaFeatures: { jsx: true } } },
  },
  { files: ["**/*.{ts,mts,cts,tsx}"], languageOptions: { parser: typescript } },
]
const asModule = config("module")
const asScript = config("commonjs")

const isFatal = (message) => message.fatal

function lint(text, filename) {
  // Comments in the file must not turn the scanner off.
  const options = { filename, allowInlineConfig: false }
  const messages = linter.verify(text, asModule, options)
  if (!messages.some(isFatal)) return messages
  // Some old code does not parse as a module.
  const again = linter.verify(text, asScript, options)
  return again.some(isFatal) ? messages : again
}

function toFinding({ ruleId, fatal, message, line, column, endLine = line, endColumn = column + 1 }) {
  const rule = ruleId ?? (fatal ? "parse-error" : "scan-error")
  const finding = { rule, level: levels[rule] ?? "warning", text: message }
  // Some parse errors have no position, or one before the first column.
  return line > 0 && column > 0 ? { ...finding, startLine: line, startColumn: column, endLine, endColumn } : finding
}

/** Scans a file below a folder. The result is a log, even if the file cannot be read or parsed. */
export async function scan(root, file) {
  let messages
  try {
    messages = lint(await readFile(path.join(root, file), "utf8"), file)
  } catch (error) {
    // After the first line, ESLint's errors address its own authors.
    messages = [{ ruleId: "scan-error", message: error.message.split("\n")[0] }]
  }
  return logOfFile(tool, root, file, messages.map(toFinding), rules)
}
