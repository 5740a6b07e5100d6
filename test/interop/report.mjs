// Runs every cell, and writes the tables of docs/interop.md: npm run interop.

import { createRequire } from "node:module"

import * as zmq from "ohmq"
import { runMain, say } from "../../scripts/lib/project.mjs"
import { writeParts } from "../../scripts/pages/generated.mjs"
import { cells, names, runAll } from "./matrix.mjs"
import { peers } from "./peers.mjs"
import { rsyslog } from "./rsyslog/cells.mjs"

const all = [...peers, rsyslog]
const help = `Runs ohmq with other ZeroMQs, and writes the tables of docs/interop.md.
Usage: npm run interop [-- PEER...]; with some of ${names.join(", ")}, nothing is written.

${all.map(({ name, packages }) => `  ${name.padEnd(8)}${name === "zeromq" ? "npm install" : `apt-get install ${packages}`}`).join("\n")}
`

const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("")

const unique = (values) => [...new Set(values)]

/** "both ways", "ohmq binds" or "peer binds": when everything between the two has passed. */
function directions(of, results) {
  const passed = ["ohmq", "peer"].filter((side) =>
    of.filter(({ binds }) => binds === side).every(({ name }) => results.get(name) === undefined),
  )
  if (passed.length === 2) return "⇄"
  return passed.length === 1 ? `only when ${passed[0]} binds` : "fails"
}

function exchangeTable(mechanism, results) {
  const exchanges = cells.filter((cell) => cell.kind === "exchange" && cell.mechanism === mechanism)
  const pairs = unique(exchanges.map(({ ours, theirs }) => `${ours} – ${theirs}`))
  const rows = pairs.map((pair) => [
    pair,
    ...names.map((peer) => {
      const of = exchanges.filter((cell) => cell.peer === peer && `${cell.ours} – ${cell.theirs}` === pair)
      return of.length === 0 ? "–" : directions(of, results)
    }),
  ])
  return table(["ohmq – peer", ...names], rows)
}

function refusalTable(results) {
  const refusals = cells.filter(({ kind }) => kind === "refusal")
  const rows = unique(refusals.map(({ what }) => what)).map((what) => [
    what,
    ...names.map((peer) => {
      const cell = refusals.find((refusal) => refusal.peer === peer && refusal.what === what)
      if (cell === undefined) return "–"
      return results.get(cell.name) === undefined ? "refused" : "fails"
    }),
  ])
  return table(["a client with", ...names], rows)
}

function peerTable(results, versions) {
  const rows = all.map(({ name, packages, also }) => {
    const own = cells.filter(({ peer }) => peer === name)
    const passed = own.filter((cell) => results.get(cell.name) === undefined).length
    const from = name === "zeromq" ? "npm" : ["Debian: ", packages.split(" ").join(", "), also && `; ${also}`].join("")
    return [versions[name] ?? `${name}, which does not run here`, from, `${passed} of ${own.length}`]
  })
  return table(["peer", "from", "cells passed"], rows)
}

function progress() {
  let shown = 0
  return (done, total) => {
    const percent = Math.floor((100 * done) / total)
    if (process.stderr.isTTY) process.stderr.write(`\rinterop: ${percent} %${done === total ? "\n" : ""}`)
    else if (percent >= shown + 20) {
      shown = percent - (percent % 20)
      say("interop", `${shown} %`)
    }
  }
}

await runMain(async (args) => {
  if (args.some((arg) => !names.includes(arg))) {
    process.stdout.write(help)
    return args.includes("--help") || args.includes("-h") ? 0 : 1
  }
  const started = performance.now()
  const { results, versions } = await runAll({ ...(args.length > 0 && { chosen: args }), onProgress: progress() })
  const failed = [...results].filter(([, error]) => error !== undefined)
  // A peer that is not installed fails every cell with the same message.
  for (const message of unique(failed.map(([, error]) => error.message))) {
    const [first, ...others] = failed.filter(([, error]) => error.message === message).map(([name]) => name)
    const more = others.length > 0 ? ` and ${others.length} others` : ""
    process.stderr.write(`\n${first}${more}:\n${message}\n`)
  }
  say("interop", `${results.size - failed.length} of ${results.size} cells passed, ${failed.length} failed`)
  say("interop", `${((performance.now() - started) / 1000).toFixed(0)} s`)
  if (args.length > 0) return failed.length > 0 ? 1 : 0

  const { version } = createRequire(import.meta.url)("ohmq/package.json")
  const text = [
    `ohmq ${version}, libzmq ${zmq.version}, Node ${process.versions.node}, with`,
    peerTable(results, versions),
    "### NULL, over tcp",
    exchangeTable("null", results),
    "### PLAIN, over ipc (JeroMQ: over tcp)",
    exchangeTable("plain", results),
    "### CURVE, over tcp",
    exchangeTable("curve", results),
    "### Refused clients",
    refusalTable(results),
  ].join("\n\n")
  writeParts("docs/interop.md", "npm run interop", { tables: text.replace(/\n{3,}/g, "\n\n") })
  return failed.length > 0 ? 1 : 0
})
