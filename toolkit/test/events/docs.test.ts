import { readFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { eventTypePrefixes, eventTypes, ocsfVersion } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import { runProgramOf } from "../documents.js"

const toolkit = fileURLToPath(new URL("../..", import.meta.url))
const page = readFileSync(path.join(toolkit, "docs/events.md"), "utf8")

describe("docs/events.md", () => {
  it("has a program that prints what it says", () => {
    const { printed, said } = runProgramOf(page)
    expect(printed).toEqual(said)
  })

  it("lists the types of events, and the version of OCSF", () => {
    const rows = /^## Types(.+?)^## /ms.exec(page)?.[1] ?? ""
    const listed = [...rows.matchAll(/`([a-z.*]+)`/g)].map(([, type]) => type)
    const all = [...Object.values(eventTypes), ...eventTypePrefixes.map((prefix) => `${prefix}*`)]
    expect(new Set(listed)).toEqual(new Set([...all, "com.github.push"]))
    expect(page).toContain(`[OCSF ${ocsfVersion}]`)
  })
})
