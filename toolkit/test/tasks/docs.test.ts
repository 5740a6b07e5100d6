import { readFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { openStore } from "ohmq-toolkit/store"
import { serveTasks, tasksMetrics } from "ohmq-toolkit/tasks"
import { describe, expect, it } from "vitest"
import { runProgramOf } from "../documents.js"
import { temporaryFolder } from "./support.js"

const toolkit = fileURLToPath(new URL("../..", import.meta.url))
const read = (file: string) => readFileSync(path.join(toolkit, file), "utf8")
const page = read("docs/tasks.md")
const protocol = read("docs/tasks-protocol.md")

describe("docs/tasks.md", () => {
  it("has a program that prints what it says", () => {
    const { printed, said } = runProgramOf(page)
    expect(said.length).toBe(3)
    expect(printed).toEqual(said)
  })

  it("lists all codes of errors", () => {
    const codes = [...read("lib/tasks/queue/task-error.ts").matchAll(/^ {2}\| "([A-Z_]+)"$/gm)].map(([, code]) => code)
    expect(codes.length).toBe(12)
    const rows = /^## Errors(.+?)^## /ms.exec(page)?.[1] ?? ""
    expect(new Set([...rows.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code))).toEqual(new Set(codes))
  })

  it("lists all events and metrics", async () => {
    const records = read("lib/tasks/queue/records.ts")
    const types = [...records.matchAll(/"(task\.[a-z]+)"/g)].map(([, type]) => type)
    expect(types.length).toBeGreaterThan(10)
    for (const type of types) expect(page, type).toContain(`\`${type}\``)
    await using store = await openStore(temporaryFolder())
    await using server = await serveTasks(store, { bind: "tcp://127.0.0.1:*" })
    const names = (await tasksMetrics(server).getMetricsAsJSON()).map(({ name }) => name)
    const listed = [...page.matchAll(/`(ohmq_tasks_\w+)/g)].map(([, name]) => name)
    expect(new Set(listed)).toEqual(new Set(names))
  })
})

describe("docs/tasks-protocol.md", () => {
  it("lists all messages with their bytes", () => {
    const source = read("lib/tasks/protocol.ts")
    const bytes = [...source.matchAll(/(\w+): 0x([0-9a-f]{2})/g)].map(
      ([, name = "", byte]) => `${name.toUpperCase()} ${byte}`,
    )
    expect(bytes.length).toBe(14)
    const rows = [...protocol.matchAll(/^\| 0x([0-9a-f]{2}) \| ([A-Z]+) \|/gm)].map(
      ([, byte, name]) => `${name} ${byte}`,
    )
    expect(rows).toEqual(bytes)
  })
})
