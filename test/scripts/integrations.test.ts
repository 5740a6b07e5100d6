// The table of integrations of the toolkit says what is there: its tests exist, as many as it says, and no source, sink or preset is missing.

import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"

import { root } from "../support/process.js"

interface Integration {
  name: string
  direction: string
  part: string
  against: { program?: string; debian?: string; npm?: string; version?: string; what?: string }
  tests: [file: string, begins: string, count: number][]
  payloads?: string
}

const inProject = (file: string) => path.join(root, file)
const { integrations }: { integrations: Integration[] } = await import(inProject("toolkit/test/integrations.mjs"))
const { payloadsOf }: { payloadsOf: (prefix?: string) => string[] } = await import(
  inProject("scripts/pages/integrations.mjs")
)
const registry: { sourceKinds: object; sinkKinds: object } = await import(
  inProject("toolkit/dist/relay/configuration/registry.js")
)
const { presets }: { presets: object } = await import(inProject("toolkit/dist/relay/sources/webhook/presets/index.js"))

/** The names of the tests of each file below toolkit/test. */
let names: Map<string, string[]>

beforeAll(() => {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-list-"))
  try {
    const output = path.join(folder, "tests.json")
    const files = [...new Set(integrations.flatMap(({ tests }) => tests.map(([file]) => `toolkit/test/${file}`)))]
    const vitest = inProject("node_modules/vitest/vitest.mjs")
    execFileSync(process.execPath, [vitest, "list", `--json=${output}`, ...files], { cwd: root, stdio: "pipe" })
    const listed = JSON.parse(readFileSync(output, "utf8")) as { file: string; name: string }[]
    names = new Map()
    for (const { file, name } of listed) {
      const key = path.relative(inProject("toolkit/test"), file)
      names.set(key, [...(names.get(key) ?? []), name])
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)

describe("toolkit/test/integrations.mjs", () => {
  it.each(integrations.map((one) => [`${one.name}, ${one.direction}`, one] as const))(
    "counts the tests and payloads of %s",
    (_, { tests, payloads }) => {
      const found = tests.map(([file, begins]) => [
        file,
        begins,
        (names.get(file) ?? []).filter((name) => name.startsWith(begins)).length,
      ])
      expect(found).toEqual(tests)
      expect(tests.every(([, , count]) => count > 0)).toBe(true)
      expect(payloads === undefined || payloadsOf(payloads).length > 0).toBe(true)
    },
  )

  it("has a row for each source, sink and preset, and names no other", () => {
    const named = (what: string) =>
      new Set(
        integrations.flatMap(({ part }) =>
          [...part.matchAll(new RegExp(`${what} \`([\\w-]+)\``, "g"))].map(([, one]) => one),
        ),
      )
    expect(named("source")).toEqual(new Set(Object.keys(registry.sourceKinds)))
    expect(named("sink")).toEqual(new Set(Object.keys(registry.sinkKinds)))
    expect(named("preset")).toEqual(new Set(Object.keys(presets)))
  })

  it("has the versions of packages of npm that are installed", () => {
    for (const { against } of integrations) {
      if (against.npm === undefined) continue
      const { version } = JSON.parse(readFileSync(inProject(`node_modules/${against.npm}/package.json`), "utf8"))
      expect(`${against.npm} ${version}`).toMatch(new RegExp(`^${against.npm} ${against.version}\\.`))
    }
  })
})
