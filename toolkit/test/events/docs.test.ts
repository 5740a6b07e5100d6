import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { eventTypePrefixes, eventTypes, ocsfVersion } from "ohmq-toolkit/events"
import { describe, expect, it, onTestFinished } from "vitest"

const toolkit = fileURLToPath(new URL("../..", import.meta.url))
const page = readFileSync(path.join(toolkit, "docs/events.md"), "utf8")

describe("docs/events.md", () => {
  it("has a program that prints what it says", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "document-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    mkdirSync(path.join(folder, "node_modules"))
    symlinkSync(toolkit, path.join(folder, "node_modules/ohmq-toolkit"), "junction")
    const program = /^```js\n(.+?)^```/ms.exec(page)?.[1] ?? ""
    writeFileSync(path.join(folder, "program.mjs"), program)
    const printed = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" })
    expect(printed.split("\n").slice(0, -1)).toEqual([...program.matchAll(/\/\/ → (.*)/g)].map(([, line]) => line))
  })

  it("lists the types of events, and the version of OCSF", () => {
    const rows = /^## Types(.+?)^## /ms.exec(page)?.[1] ?? ""
    const listed = [...rows.matchAll(/`([a-z.*]+)`/g)].map(([, type]) => type)
    const all = [...Object.values(eventTypes), ...eventTypePrefixes.map((prefix) => `${prefix}*`)]
    expect(new Set(listed)).toEqual(new Set([...all, "com.github.push"]))
    expect(page).toContain(`[OCSF ${ocsfVersion}]`)
  })
})
