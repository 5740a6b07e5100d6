// The dashboard against the types of Grafana's own schema, and what makes it work in any Grafana.

import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { defaultDashboard } from "@grafana/schema"
import { expect, it, onTestFinished } from "vitest"

const require = createRequire(import.meta.url)
const text = readFileSync(resolve(import.meta.dirname, "../../dashboards/grafana.json"), "utf8")

interface Panel {
  id: number
  type: string
  title: string
  description?: string
  datasource?: unknown
  gridPos: { x: number; y: number; w: number; h: number }
  options?: object
  fieldConfig?: { defaults: { custom?: object } }
  targets?: { refId: string; expr: string; datasource: unknown }[]
}

const dashboard = JSON.parse(text) as {
  schemaVersion: number
  uid?: string
  panels: Panel[]
  templating: { list: { name: string; datasource?: unknown }[] }
}
const panels = dashboard.panels.filter(({ type }) => type !== "row")

/** What tsc says of a program. */
function check(program: string): string {
  const folder = mkdtempSync(join(tmpdir(), "ohmq-grafana-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "dashboard.ts")
  writeFileSync(file, program)
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc")
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--ignoreConfig"]
  const modules = ["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler"]
  return spawnSync(process.execPath, [tsc, ...options, ...modules, file], { encoding: "utf8", cwd: folder }).stdout
}

const schemaFolder = dirname(require.resolve("@grafana/schema/package.json"))

/** The dashboard as a program. Enumerations are written as their values: that is what is in JSON. */
const program = (json: string) => `
import type { Dashboard } from "${schemaFolder}/dist/types/index"
import type * as timeseries from "${schemaFolder}/dist/types/raw/composable/timeseries/panelcfg/x/types.gen"
import type * as stat from "${schemaFolder}/dist/types/raw/composable/stat/panelcfg/x/types.gen"
import type * as table from "${schemaFolder}/dist/types/raw/composable/table/panelcfg/x/types.gen"
type Json<T> = T extends string ? \`\${T}\` : T extends number ? \`\${T}\` extends \`\${infer N extends number}\` ? N : number
  : T extends object ? { [K in keyof T]: Json<T[K]> } : T
type Optional<T> = { [K in keyof T]?: T[K] }
export const dashboard: Json<Dashboard> = ${json}
${panels
  .map(
    ({ type, id, options, fieldConfig }) => `
export const options${id}: Json<Optional<${type}.Options>> = ${JSON.stringify(options)}
export const custom${id}: Json<Optional<${type === "stat" ? "object" : `${type}.FieldConfig`}>> = ${JSON.stringify(fieldConfig?.defaults.custom ?? {})}`,
  )
  .join("")}
`

it("has the types of the newest schema of Grafana", () => {
  expect(dashboard.schemaVersion).toBe(defaultDashboard.schemaVersion)
  expect(check(program(text))).toBe("")
  // And the check finds what is wrong.
  const wrong = text.replace('"graphTooltip": 1', '"graphTooltip": "crosshair"').replace('"gridPos"', '"gridPosition"')
  expect(check(program(wrong))).toMatch(/'0 \| 1 \| 2 \| undefined'[\s\S]*gridPosition/)
})

it("asks for its data source, and names none", () => {
  const variable = { type: "prometheus", uid: "$" + "{datasource}" }
  expect(dashboard.uid).toBeUndefined()
  expect(dashboard.templating.list).toMatchObject([
    { name: "datasource", type: "datasource", query: "prometheus" },
    { name: "instance", datasource: variable },
  ])
  for (const { datasource, targets = [] } of panels) {
    expect(datasource).toEqual(variable)
    expect(targets.length).toBeGreaterThan(0)
    for (const target of targets) expect(target.datasource).toEqual(variable)
  }
})

it("has panels that do not overlap, each with an id of its own and a description", () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  const isOver = (a: Panel["gridPos"], b: Panel["gridPos"]) =>
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
  const overlaps = dashboard.panels.flatMap((one, index) =>
    dashboard.panels
      .slice(index + 1)
      .filter((other) => isOver(one.gridPos, other.gridPos))
      .map((other) => [one.title, other.title]),
  )
  expect(overlaps).toEqual([])
  expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([])
  for (const { title, description = "" } of panels)
    expect({ title, description }).not.toEqual({ title, description: "" })
})
