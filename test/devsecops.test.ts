// docs/devsecops.md: each row has a command that is there, an explanation and a test. docs/comparison.md has all rows of the usual table.

import { existsSync, readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { root, runCommand } from "./support/process.js"

const read = (file: string) => readFileSync(path.join(root, file), "utf8")
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> }

/** The cells of the rows of all tables below a heading, without the heads of the tables. */
const rowsOf = (text: string) =>
  [...text.matchAll(/^\|(.*)\|$/gm)]
    .map(([, row = ""]) => row.split(" | ").map((cell) => cell.trim()))
    .filter(([first = ""]) => first !== "it says" && !first.startsWith("---"))

const page = read("docs/devsecops.md")
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), rowsOf(section)] as const),
)
const rows = [...sections.values()].flat()

/** The help of `ohmq` for a verb, or for a command below it; empty if there is none. */
async function helpOf(verb: string, command?: string): Promise<string> {
  const args = command === undefined ? ["help", verb] : [verb, command, "--help"]
  const { status, stdout } = await runCommand(process.execPath, [path.join(root, "dist/cli/main.js"), ...args])
  return status === 0 ? stdout : ""
}

/** What a command needs and is not there. */
async function missingFor(line: string): Promise<string[]> {
  const [program = "", first = "", ...rest] = line.split(" ")
  const isFile = (file: string) => existsSync(path.join(root, file))
  if (program === "node") return isFile(first) ? [] : [first]
  if (program === "npm") return [first === "run" ? (rest[0] ?? "") : first].filter((name) => !(name in scripts))
  if (first === "vitest") return rest.filter((word) => word.includes("/") && !isFile(word))
  const [verb = "", command = ""] = rest[0] === "help" ? rest.slice(1) : rest
  const ofVerb = await helpOf(verb)
  const help = / COMMAND/.test(ofVerb.split("\n")[0] ?? "") ? await helpOf(verb, command) : ofVerb
  const options = rest.filter((word) => word.startsWith("--") && word !== "--help")
  return help === "" ? [line] : options.filter((option) => !help.includes(option))
}

describe("docs/devsecops.md", () => {
  it("has the sections of the tutorial, with rows", () => {
    const counted = [...sections].map(([title, { length }]) => [title, length > 2] as const)
    const titles = [
      "Why ZeroMQ",
      "Key terms",
      "Stages of the life cycle",
      "Architecture",
      "Integrations",
      "Scenarios",
      "Industries",
      "Benefits",
      "Limitations",
      "Recommendations",
      "Comparison",
    ]
    expect(counted).toEqual([...titles.map((title) => [title, true]), ["Not met, or only partly", false]])
  })

  it.each(rows.map((row) => [row[0], row] as const))(
    "%s: has a command, an explanation and a test",
    { timeout: 60_000 },
    async (_, row) => {
      const [, command = "", explanation = "", test = ""] = row
      expect(row).toHaveLength(4)
      expect(command).toMatch(/^`(npm|npx ohmq|npx vitest run|node) [^`]+`$/)
      expect(await missingFor(command.slice(1, -1))).toEqual([])
      expect(explanation).toMatch(/\]\([^)]+\.md/)
      const files = [...test.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g)]
      expect(files).not.toEqual([])
      for (const [, name = "", file = ""] of files) {
        expect(path.basename(file)).toBe(name)
        expect(read(file), file).toMatch(/\bit[.(]/)
      }
    },
  )
})

describe("docs/comparison.md", () => {
  it("has each row of the usual table", () => {
    const [table = ""] = read("docs/comparison.md").split(/^## /m)
    const [head = [], ...compared] = rowsOf(table)
    expect(head).toEqual(["", "ohmq (ZeroMQ)", "ohmq-toolkit", "RabbitMQ", "Kafka", "NATS"])
    const titles = compared.map(([title = ""]) => title.split(":")[0])
    const usual = ["Broker", "Patterns", "Protocols", "Ease of use", "Latency", "Persistence", "Delivery", "Encryption"]
    expect(titles).toEqual(expect.arrayContaining(usual))
    for (const row of compared) expect(row.filter((cell) => cell !== "")).toHaveLength(head.length)
  })
})
