// Attacks every type of server, counts what gets through, and writes the tables of docs/security-proof.md.

import { runAttacks } from "../test/attacks/cells.mjs"
import { runStorm } from "../test/attacks/storm.mjs"
import { types } from "../test/attacks/types.mjs"
import { Failure, runMain, say } from "./lib/project.mjs"
import { writeParts } from "./pages/generated.mjs"

const topic = "attacks"
const help = `Attacks servers of every type and writes the results to docs/security-proof.md. Usage: npm run attacks [-- options]

  --handshakes N   number of bad handshakes while good clients work (default 10,000; 0 for none)
  --help           show this
`

const number = (value) => Math.round(value).toLocaleString("en")
const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`
const sum = (cells, name) => cells.reduce((total, cell) => total + (cell[name] ?? 0), 0)

function groups(cells) {
  const keys = [...new Set(cells.map(({ key }) => key))]
  return keys.map((key) => cells.filter((cell) => cell.key === key))
}

function byAttack(cells) {
  const row = (own) => {
    const [{ key, title, ended }] = own
    const controlled = own.filter(({ control }) => control !== undefined)
    const open =
      controlled.length === 0 ? "" : `${controlled.filter(({ control }) => control > 0).length} of ${controlled.length}`
    const counts = ["connections", "sent", "arrived", "received", "good", "lost"].map((name) => sum(own, name))
    return `| ${[key, title, own.length, ...counts, open, ended].join(" | ")} |`
  }
  return [
    "| | attack | types of server | connections | messages sent | arrived | received by the attacker | good client's messages | lost | gets through an unprotected server | how it ends |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ...groups(cells).map(row),
  ].join("\n")
}

function byType(cells) {
  const keys = groups(cells).map(([{ key }]) => key)
  const row = ({ name }) => {
    const cell = (key) => {
      const { sent, arrived, received } = cells.find((one) => one.key === key && one.type === name)
      return `${sent} → ${arrived}, ${received}`
    }
    return `| ${[name, ...keys.map(cell)].join(" | ")} |`
  }
  return [`| server | ${keys.join(" | ")} |`, `|---|${keys.map(() => "---").join("|")}|`, ...types.map(row)].join("\n")
}

const policies = { function: "a function", folder: "a folder of certificates" }

function ofStorms(storms) {
  const rows = [
    ["bad handshakes", ({ handshakes, seconds }) => `${number(handshakes)} in ${seconds.toFixed(1)} s`],
    ["with unknown keys", ({ badKeys }) => number(badKeys)],
    ["with garbage after the greeting", ({ garbage }) => number(garbage)],
    ["left half open, announcing a frame of 1 GiB", ({ halfOpen }) => number(halfOpen)],
    ["strangers denied", ({ decisions }) => number(decisions)],
    ["of these, decided by the function (the failure limit denied the others)", ({ lookedInto }) => number(lookedInto)],
    ["audit events for these", ({ events }) => number(events)],
    ["messages of strangers that arrived", ({ attackerGot }) => number(attackerGot)],
    ["good clients' numbered messages, there and back", ({ sent }) => number(sent)],
    ["of these, lost, late or out of order", ({ lost }) => number(lost)],
    ["the slowest of these", ({ slowest }) => `${Math.round(slowest)} ms`],
    ["the server's descriptors before and after", ({ descriptors }) => descriptors.join(", ")],
    ["its JavaScript heap in use before and after", ({ heap }) => heap.map(megabytes).join(", ")],
    ["its resident memory before and after", ({ memory }) => memory.map(megabytes).join(", ")],
  ]
  const columns = Object.keys(storms)
  return [
    `| policy | ${columns.map((policy) => policies[policy]).join(" | ")} |`,
    `|---|${columns.map(() => "--:").join("|")}|`,
    ...rows.map(([what, of]) => `| ${what} | ${columns.map((policy) => of(storms[policy])).join(" | ")} |`),
  ].join("\n")
}

function optionsOf(args) {
  const [name, value] = args
  if (args.length === 0) return 10_000
  const handshakes = Number(value)
  if (name !== "--handshakes" || args.length > 2 || !Number.isSafeInteger(handshakes) || handshakes < 0)
    throw new Failure(`Unknown options '${args.join(" ")}'. Run: npm run attacks -- --help`)
  return handshakes
}

await runMain(async (args) => {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help)
    return 0
  }
  const handshakes = optionsOf(args)
  say(topic, "every attack on every type of server")
  const began = performance.now()
  const cells = await runAttacks()
  say(topic, `${cells.length} cells in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  const failed = cells.filter(({ error }) => error !== undefined)
  for (const { key, type, error } of failed) say(topic, `${key} on ${type}: ${error}`)
  if (failed.length > 0)
    throw new Failure("Some attacks could not be carried out, so docs/security-proof.md was not written.")
  const tables = { attacks: byAttack(cells), types: byType(cells) }
  process.stdout.write(`${tables.attacks}\n`)
  if (handshakes > 0) {
    const storms = {}
    for (const [policy, name] of Object.entries(policies)) {
      say(topic, `${number(handshakes)} bad handshakes with ${name}`)
      storms[policy] = await runStorm(handshakes, policy)
    }
    tables.storm = ofStorms(storms)
    process.stdout.write(`${tables.storm}\n`)
  }
  writeParts("docs/security-proof.md", "npm run attacks", tables)
  const leaks = cells.filter(({ arrived, received, lost }) => arrived + received + lost > 0)
  for (const { key, type } of leaks) say(topic, `${key} on ${type}: something got through or was lost`)
  return leaks.length > 0 ? 1 : 0
})
