// `ohmq relay test`: unit tests of a configuration.

import process from "node:process"
import { runTests, type TrialResult } from "../relay/index.js"
import { plural } from "./terminal.js"
import { isJson, parseUsage } from "./usage.js"

export async function test(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["output"])
  const asJson = isJson(values.output)
  const file = positionals[0] ?? "relay.test.yaml"
  return reportTests(file, runTests(file), asJson)
}

/** Prints how the tests of a file went. Returns the exit code. */
export function reportTests(file: string, results: readonly TrialResult[], asJson: boolean): number {
  const failed = results.filter(({ failures }) => failures.length > 0).length
  for (const { name, line, failures } of results) {
    if (asJson) {
      process.stdout.write(`${JSON.stringify({ name, file, line, passed: failures.length === 0, failures })}\n`)
      continue
    }
    process.stdout.write(`${failures.length === 0 ? "ok  " : "FAIL"} ${name}\n`)
    for (const { line: at, column, path, message } of failures)
      process.stdout.write(`     ${file}:${at}:${column}: ${path}: ${message}\n`)
  }
  if (!asJson)
    process.stdout.write(`${plural(results.length, "test")}, ${failed === 0 ? "all passed" : `${failed} failed`}\n`)
  return failed === 0 ? 0 : 1
}
