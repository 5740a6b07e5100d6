// Runs the checks and prints how many pass, as Markdown; with --write, into docs/conformance.md.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"

import { writePage } from "../../scripts/pages/generated.mjs"
import { differences } from "./differences.mjs"
import { groups } from "./groups.mjs"
import { runAll } from "./runner.mjs"

const args = process.argv.slice(2)
const named = args.filter((arg) => !arg.startsWith("--"))
const unknown = args.find((arg) => arg !== "--write" && !groups.includes(arg))
if (unknown !== undefined) {
  console.error(`Unknown argument '${unknown}'. Usage: node test/conformance/report.mjs [--write] [group...]`)
  console.error(`Groups: ${groups.join(", ")}`)
  process.exit(2)
}

const chosen = named.length > 0 ? named : groups
const outcome = await runAll(chosen)
const names = [...outcome.ohmq.keys()].sort()
const passed = (packageName, group) =>
  names.filter((name) => name.startsWith(group) && outcome[packageName].get(name) === undefined).length
const different = (group) => Object.keys(differences).filter((name) => name.startsWith(group)).length

const row = (title, group) =>
  `| ${title} | ${names.filter((name) => name.startsWith(group)).length} | ${passed("ohmq", group)} | ${passed("zeromq", group)} | ${different(group)} |`
const table = [
  "| group | checks | passed by ohmq | passed by zeromq | listed differences |",
  "|---|--:|--:|--:|--:|",
  ...chosen.map((group) => row(group, `${group}: `)),
  ...(named.length > 0 ? [] : [row("**all**", "")]),
].join("\n")
console.log(table)

const cell = (text) => text.replaceAll("|", "\\|")
const reason = (why) => (typeof why === "number" ? `fault ${why}` : why)

const unexpected = names.flatMap((name) =>
  Object.entries(outcome)
    .filter(([packageName, results]) => {
      const fails = results.get(name) !== undefined
      const difference = packageName === "zeromq" ? differences[name] : undefined
      return difference?.sometimes !== true && fails !== (difference !== undefined)
    })
    .map(
      ([packageName, results]) =>
        `\n${packageName} ${results.get(name) === undefined ? "passes" : "fails"}: ${name}\n${results.get(name) ?? ""}`,
    ),
)
for (const text of unexpected) console.error(text)
if (unexpected.length > 0) process.exitCode = 1

if (args.includes("--write")) {
  const { version } = createRequire(import.meta.url)("zeromq/package.json")
  const before = readFileSync(new URL("conformance.head.md", import.meta.url), "utf8").replace("VERSION", version)
  const list = Object.entries(differences).map(
    ([name, { zeromq, reason: why }]) => `| ${cell(name)} | ${cell(zeromq)} | ${cell(String(reason(why)))} |`,
  )
  const differing = `## Where they differ\n\n| check | zeromq ${version} | why |\n|---|---|---|\n${list.join("\n")}`
  writePage("docs/conformance.md", "npm run conformance -- --write", `${before}\n${table}\n\n${differing}`)
}
