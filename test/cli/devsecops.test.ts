// docs/devsecops.md: each row has a command, an explanation and a test; what ends within seconds is run. docs/comparison.md has all rows of the
// usual table, and figures that were measured.

import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root, runCommand } from "../support/process.js"

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

/** A command, and for those of `ohmq` what they print and the status that they end with. */
const form =
  /^`(?<line>(?:npm|npx ohmq|npx vitest run|node) [^`]+)`(?: prints (?<words>`[^`]+`(?: or `[^`]+`)*)(?:, ends with (?<status>\d+))?)?$/

interface Command {
  claim: string
  line: string
  /** One of these is printed. */
  words: string[]
  status: number
}

const commands = rows.map(([claim = "", cell = ""]): Command => {
  const { line = cell, words = "", status = "0" } = form.exec(cell)?.groups ?? {}
  return { claim, line, words: [...words.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word), status: Number(status) }
})
const commandsOf = (program: string) =>
  commands.filter(({ line }) => line.startsWith(`${program} `)).map((command) => [command.claim, command] as const)

/** The words of a command line. */
const wordsOf = (line: string) => [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)

const runNode = (args: string[], options: Parameters<typeof runCommand>[2] = {}) =>
  runCommand(process.execPath, args, { timeout: 120_000, ...options })

interface Listed {
  name: string
  file: string
}

/** The tests that vitest finds. */
async function listTests(...args: string[]): Promise<Listed[]> {
  // Vitest within vitest: it must not take itself for a worker of this one.
  const env = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => /^(VITEST|TEST$|NODE_ENV$|NODE_V8_COVERAGE$)/.test(name))
      .map((name) => [name, undefined]),
  )
  // `--json` comes last, because it would take what follows for the file to write.
  const { status, stdout, stderr } = await runNode(["node_modules/vitest/vitest.mjs", "list", ...args, "--json"], {
    env,
  })
  expect({ status, stderr }, stdout).toMatchObject({ status: 0 })
  return JSON.parse(stdout.slice(stdout.indexOf("[")))
}

describe("docs/devsecops.md", () => {
  it("has the sections of the tutorial, with rows", () => {
    const counted = [...sections].map(([title, { length }]) => [title, length > 1] as const)
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

  it.each(rows.map((row) => [row[0], row] as const))("%s: has a command, an explanation and a test", (_, row) => {
    const [, command = "", explanation = "", test = ""] = row
    expect(row).toHaveLength(4)
    expect(command).toMatch(form)
    expect(explanation).toMatch(/\]\([^)]+\.md/)
    const files = [...test.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g)]
    expect(files).not.toEqual([])
    for (const [, name = "", file = ""] of files) {
      expect(path.basename(file)).toBe(name)
      expect(read(file), file).toMatch(/\bit[.(]/)
    }
  })

  it.each(commandsOf("npx ohmq"))(
    "%s: the command shows it, also a second time",
    { timeout: 240_000 },
    async (_, { line, words, status: expected }) => {
      const [, , ...args] = wordsOf(line)
      const cwd = temporaryFolder()
      for (const run of ["first", "second"]) {
        const { status, stdout, stderr } = await runNode([path.join(root, "dist/cli/main.js"), ...args], { cwd })
        expect({ run, status }, stderr).toEqual({ run, status: expected })
        expect(words.filter((word) => `${stdout}${stderr}`.replace(/\s+/g, " ").includes(word))).toHaveLength(1)
      }
    },
  )

  it.each(commandsOf("node"))("%s: the program is there", (_, { line }) => {
    expect(line).toMatch(/^node (examples|toolkit\/bench)\/\S+\.mjs$/)
    expect(read(line.slice("node ".length))).not.toBe("")
  })

  it.each(commandsOf("npm"))(
    "%s: the script is there, with these options",
    { timeout: 120_000 },
    async (_, { line }) => {
      const [, first = "", ...rest] = wordsOf(line)
      const script = scripts[first === "run" ? (rest.shift() ?? "") : first]
      expect(script).toBeDefined()
      const [dashes, ...options] = rest
      if (dashes === undefined) return
      expect(dashes).toBe("--")
      const file = /&& node (\S+)$/.exec(script ?? "")?.[1] ?? ""
      const [help, list] = [await runNode([file, "--help"]), await runNode([file, "--list"])]
      for (const option of options) expect((option.startsWith("--") ? help : list).stdout).toContain(option)
    },
  )

  it("names tests that are there, and titles that some of them have", { timeout: 240_000 }, async () => {
    const called = commandsOf("npx vitest run").map(([, { line }]) => {
      const [, , , file = "", ...rest] = wordsOf(line)
      return { line, file, rest }
    })
    const all = await listTests("--staticParse", ...new Set(called.map(({ file }) => file)))
    const isIn = (file: string) => (test: Listed) => `${path.relative(root, test.file)}/`.startsWith(`${file}/`)
    expect(called.filter(({ file }) => !all.some(isIn(file)))).toEqual([])
    const [titled, others] = [
      called.filter(({ rest }) => rest.length > 0),
      called.filter(({ rest }) => rest.length === 0),
    ]
    expect([titled.length > 2, others.length > 20]).toEqual([true, true])
    for (const { line, file, rest } of titled) {
      expect(rest, line).toEqual(["-t", expect.any(String)])
      // Not by --staticParse: titles of it.each are made when it runs.
      expect((await listTests(file, ...rest)).filter(isIn(file)), line).not.toEqual([])
    }
  })

  it("has the memory of the sidecar that was measured", () => {
    const [, atRest, most] = /^\| (\d+ MiB) \| (\d+ MiB) \|/m.exec(read("integrations/kubernetes/README.md")) ?? []
    expect(page).toContain(`: ${atRest} at rest, at most ${most} at 1,000 events a second`)
  })
})

/** The rows of the tables of a text whose heads begin with a text, their cells by the heads of their columns. */
function tableOf(text: string, head: string): Record<string, string>[] {
  const cellsOf = (line: string) =>
    line
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => cell.trim())
  return text
    .split(/\n(?!\|)/)
    .map((block) => block.split("\n").filter((line) => line.startsWith("|")))
    .filter(([first]) => first?.startsWith(head))
    .flatMap(([first = "", , ...lines]) => {
      const heads = cellsOf(first)
      return lines.map((line) => Object.fromEntries(cellsOf(line).map((cell, index) => [heads[index] ?? "", cell])))
    })
}

/** "3.23 M/s", "484 k/s", "4,944" or "109 µs" as a number. */
function numberOf(text = ""): number {
  const [, digits = "", unit] = /^([\d.,]+) ?([kM](?=\/s))?(\/s| ms| µs)?$/.exec(text) ?? []
  const factor = unit === "M" ? 1e6 : unit === "k" ? 1e3 : 1
  // 3.23 M/s is 3230000, and not 3229999.9999999995.
  return Number((Number(digits.replaceAll(",", "") || Number.NaN) * factor).toPrecision(6))
}

/** A figure is a measured one, rounded to as many digits as it has. */
function expectRounded(figure: string | undefined, measured: string | undefined) {
  const digits = /\d[\d.,]*/.exec(figure ?? "")?.[0].replace(/[.,]|0+$/g, "").length ?? 0
  expect(digits, figure).toBeGreaterThan(1)
  expect(numberOf(figure), `${figure} of ${measured}`).toBe(Number(numberOf(measured).toPrecision(digits)))
}

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

  const ours = tableOf(read("docs/performance.md"), "|  | C++ | C++, 32 KB batches | ohmq |")
  const durable = tableOf(read("toolkit/docs/performance.md"), "|  | copies | events/s |")
  const measured = read("docs/comparison.md").split("## Measured")[1]?.split(/^## /m)[0] ?? ""

  it.each([
    ["messages a second, 100 B, one way, kept nowhere", "one-way tcp 100 B"],
    ["the same, 64 KB", "one-way tcp 64 KB"],
    ["round trip, 10 B", "round trip tcp 10 B"],
    ["to 8 subscribers, messages a second in all", "fan-out to 8"],
  ])("has the figures that were measured: %s", (title, workload) => {
    const [row] = tableOf(measured, "| | ohmq | NATS | RabbitMQ |").filter((cells) => cells[""] === title)
    const [source] = ours.filter((cells) => cells[""] === workload)
    for (const name of ["ohmq", "NATS", "RabbitMQ"]) expectRounded(row?.[name], source?.[name])
  })

  it("has in its first table the round trips that were measured", () => {
    const [row] = tableOf(read("docs/comparison.md"), "| | ohmq (ZeroMQ) |").filter((cells) =>
      cells[""]?.startsWith("Latency: round trip, 10 B"),
    )
    const [source] = ours.filter((cells) => cells[""] === "round trip tcp 10 B")
    expect([row?.["ohmq (ZeroMQ)"], row?.RabbitMQ, row?.NATS]).toEqual([source?.ohmq, source?.RabbitMQ, source?.NATS])
    const [, times] = /take ([\d.]+) times as long as bare sockets/.exec(row?.["ohmq-toolkit"] ?? "") ?? []
    expectRounded(times, /\| 1 \|.* ([\d.]+) times \|$/m.exec(read("toolkit/docs/services.md"))?.[1])
  })

  it.each([
    ["link of the toolkit with CURVE, on disk before the acknowledgement", "ohmq-toolkit, link, CURVE"],
    ["RabbitMQ, quorum queue of one server, on disk", "RabbitMQ, quorum queue"],
    ["relay of the toolkit: signed webhooks in, on disk, PUSH out", "ohmq-toolkit, relay, webhook in and PUSH out"],
    ["JetStream, one server, **not** on disk", "NATS JetStream, one server"],
    ["JetStream, three servers, two of which have it, **not** on disk", "NATS JetStream, three servers"],
  ])("has the figures that were measured: %s", (title, contender) => {
    const table = tableOf(measured, "| each event of 1 KB acknowledged, 256 producers |")
    const [row] = table.filter((cells) => cells["each event of 1 KB acknowledged, 256 producers"] === title)
    const [source] = durable.filter((cells) => cells[""] === contender)
    expectRounded(row?.["events a second"], source?.["events/s"])
    expectRounded(row?.p99, source?.["p99, ms"])
  })

  it("has no other figures under Measured", () => {
    expect(measured.match(/^\| (?!\||---|each event)/gm)).toHaveLength(4 + 5)
  })
})
