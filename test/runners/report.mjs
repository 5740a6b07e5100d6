// Runs every cell, and writes the tables of docs/test-runners.md: npm run runners.

import { runMain, say } from "../../scripts/lib/project.mjs"
import { writeParts } from "../../scripts/pages/generated.mjs"
import { Base, versionOf } from "./base.mjs"
import { cells, rows, runCell, runtimes } from "./matrix.mjs"
import { setup } from "./setup.mjs"
import { tools } from "./tools.mjs"

const help = `Runs ohmq in test runners, reloaders and several copies, on every runtime, and beside it zeromq on this one, and writes
the tables of docs/test-runners.md.
Usage: npm run runners [-- [--zeromq] WORD...]; with words, only what has all of them in its title is run, and nothing is written.

  --zeromq  tries zeromq
`

/** The first line of what went wrong. */
const brief = (error) => error.message.split("\n")[0].slice(0, 200).replace(/:$/, "")

async function attempt(base, cell, packageName) {
  const started = performance.now()
  let result
  try {
    result = { note: await runCell(base, cell, packageName) }
  } catch (error) {
    result = { error }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  say(
    "runners",
    `${packageName}: ${cell.title}: ${result.error ? `fails: ${brief(result.error)}` : "ok"} (${seconds} s)`,
  )
  return result
}

async function tryChosen(base, words, packageName) {
  let failed = 0
  for (const cell of cells.filter(({ title }) => words.every((word) => title.includes(word)))) {
    const { error, note } = await attempt(base, cell, packageName)
    if (note !== undefined) say("runners", note)
    if (error === undefined) continue
    failed += 1
    process.stderr.write(`${error.message}\n\n`)
  }
  return failed
}

const escaped = (text) => text.replaceAll("|", "\\|")

function table(head, lines) {
  return [head, head.map(() => "---"), ...lines].map((line) => `| ${line.join(" | ")} |\n`).join("")
}

/** What a cell of the table says. */
const inWords = (result) =>
  result === undefined ? "–" : result.error === undefined ? "yes" : `**no**: ${escaped(brief(result.error))}`

async function runAll(base) {
  const lines = { runners: [], programs: [] }
  let failed = 0
  for (const row of rows.filter(({ on }) => on.length > 0)) {
    const results = new Map()
    for (const cell of cells.filter((other) => other.row === row)) {
      const result = await attempt(base, cell, "ohmq")
      if (result.error !== undefined) failed += 1
      results.set(cell.runtime.name, result)
    }
    const beside =
      row.compare &&
      (await attempt(
        base,
        cells.find((cell) => cell.row === row),
        "zeromq",
      ))
    const notes = [...results.values()].map(({ note }) => note).filter((note) => note !== undefined)
    const what = escaped(`${row.what}${notes.length > 0 ? ` (${notes[0]})` : ""}`)
    const isProgram = row.tool === "node" && row.everyRuntime
    const said = (isProgram ? runtimes : row.on).map(({ name }) => [name, inWords(results.get(name))])
    const zeromq = beside ? inWords(beside) : "–"
    if (isProgram) lines.programs.push([what, ...said.map(([, words]) => words), zeromq])
    else {
      const all = said.every(([, words]) => words === "yes")
      const on = said.map(([name, words]) => `${name}${words === "yes" ? "" : ` ${words}`}`).join(", ")
      lines.runners.push([nameOf(row.tool), what, all ? "yes" : "**no**", on.replaceAll("Node.js ", ""), zeromq])
    }
  }
  return { lines, failed }
}

const nameOf = (tool) => [tools[tool].name, tools[tool].npm && versionOf(tools[tool].npm)].filter(Boolean).join(" ")

await runMain(async (args) => {
  const words = args.filter((arg) => !arg.startsWith("--"))
  const options = args.filter((arg) => arg.startsWith("--"))
  if (options.some((option) => option !== "--zeromq") || (options.length > 0 && words.length === 0)) {
    process.stdout.write(help)
    return args.includes("--help") || args.includes("-h") ? 0 : 1
  }
  await setup()
  const base = new Base()
  try {
    if (words.length > 0) return (await tryChosen(base, words, options.length > 0 ? "zeromq" : "ohmq")) > 0 ? 1 : 0
    const { lines, failed } = await runAll(base)
    const zeromq = `zeromq ${versionOf("zeromq")}, ${runtimes[0].name}`
    const text = [
      "### Test runners and reloaders",
      table(["runner", "what was tried", "ends, passes, says nothing", "on", zeromq], lines.runners),
      "### The JavaScript evaluated more than once",
      table(["what was tried", ...runtimes.map(({ name }) => name), zeromq], lines.programs),
    ].join("\n\n")
    writeParts("docs/test-runners.md", "npm run runners", { tables: text.replace(/\n{3,}/g, "\n\n") })
    say("runners", `${cells.length - failed} of ${cells.length} cells passed`)
    return failed > 0 ? 1 : 0
  } finally {
    base.remove()
  }
})
