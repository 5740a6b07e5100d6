import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { sourceRelay } from "./in-process.js"
import { linesOf, temporaryFolder, until } from "./support.js"

const real = join(import.meta.dirname, "../events/sarif")

/** A report with a result for each rule. */
const report = (rules: string[], tool = "scanner") =>
  JSON.stringify({
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: tool } },
        results: rules.map((ruleId, index) => ({
          ruleId,
          message: { text: `About ${ruleId}` },
          locations: [
            { physicalLocation: { artifactLocation: { uri: `src/${ruleId}.c` }, region: { startLine: index + 1 } } },
          ],
        })),
      },
    ],
  })

async function watching(folder = temporaryFolder(), path = "./reports") {
  const { log, stop } = await sourceRelay(`type: sarif, path: ${path}, every: 100ms, maxBytes: 1MiB`, folder)
  const reads = () => log.filter(({ msg }) => msg === "A report was read")
  return {
    folder,
    log,
    stop,
    write: (name: string, text: string) => writeFileSync(join(folder, "reports", name), text),
    /** Waits until so many reports were read. */
    read: (count: number) => until(() => reads().length >= count),
    reads,
    found: () => linesOf(join(folder, "events.ndjson")).map(({ data }) => (data as { rule: { id: string } }).rule.id),
  }
}

describe("The source sarif", () => {
  it("takes the findings of real scanners, from a folder that is made later", async () => {
    const { folder, read, reads, found } = await watching()
    mkdirSync(join(folder, "reports"))
    for (const name of ["eslint", "flawfinder", "biome"])
      copyFileSync(join(real, `${name}.sarif`), join(folder, "reports", `${name}.sarif`))
    await read(3)
    const count = ["eslint", "flawfinder", "biome"]
      .flatMap((name) => JSON.parse(readFileSync(join(real, `${name}.sarif`), "utf8")).runs)
      .reduce((sum, { results }) => sum + results.length, 0)
    await until(() => found().length >= count)
    expect(found()).toHaveLength(count)
    expect(reads().reduce((sum, one) => sum + (one.new as number), 0)).toBe(count)
  })

  it("takes only new findings of a report that is written again, through restarts", async () => {
    const first = await watching()
    mkdirSync(join(first.folder, "reports"))
    first.write("a.sarif", report(["R1", "R2"]))
    await first.read(1)
    // The same findings on other lines, and a new one.
    first.write("a.sarif", report(["R0", "R1", "R2"]))
    await first.read(2)
    await first.stop()

    const second = await watching(first.folder)
    second.write("b.sarif.json", report(["R2", "R3"]))
    second.write("notes.txt", "no report")
    await second.read(1)
    await second.stop()
    expect(second.found()).toEqual(["R1", "R2", "R0", "R3"])
  })

  it("takes a finding again that had gone with its report", async () => {
    const { folder, write, read, found } = await watching()
    mkdirSync(join(folder, "reports"))
    write("monday.sarif", report(["R1", "R2"]))
    await read(1)
    rmSync(join(folder, "reports", "monday.sarif"))
    write("tuesday.sarif", report(["R2"]))
    await read(2)
    write("wednesday.sarif", report(["R1", "R2"]))
    await read(3)
    await until(() => found().length >= 3)
    expect(found()).toEqual(["R1", "R2", "R1"])
  })

  it("takes a single file, waits while it is being written, and refuses what is no report once", async () => {
    const folder = temporaryFolder()
    const { log, read, found } = await watching(folder, "./out.sarif")
    const path = join(folder, "out.sarif")
    const whole = report(["R1"])
    writeFileSync(path, "{}")
    await until(() => log.some(({ reason }) => reason === "not-sarif"))
    writeFileSync(path, whole.slice(0, 50))
    await until(() => log.filter(({ msg }) => msg === "This is not a report in SARIF 2.1.0").length === 2)
    writeFileSync(path, whole)
    await read(1)
    await until(() => found().length >= 1)
    expect(found()).toEqual(["R1"])
    writeFileSync(path, JSON.stringify({ text: "x".repeat(1 << 20) }))
    await until(() => log.some(({ reason }) => reason === "too-large"))
    expect(log.filter(({ msg }) => msg === "This is not a report in SARIF 2.1.0")).toHaveLength(2)
  })
})
