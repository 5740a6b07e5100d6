// The text of docs/options.md, from the option tables and their docstrings.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { inProject } from "../lib/project.mjs"

const require = createRequire(import.meta.url)

const kinds = {
  bool: "boolean",
  int32: "number",
  uint32: "number",
  int64: "number",
  uint64: "number",
  string: "string, null",
  text: "string, null",
  bytes: "Buffer, null",
  curveKey: "string, null",
  flags: "array of names",
  properties: "object of strings",
}

/** The docstrings of the tables in a source file, by the entry's name. */
function docstrings(ts, file) {
  const text = readFileSync(file, "utf8")
  const found = {}
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && node.jsDoc?.length > 0) {
      const comment = ts.getTextOfJSDocComment(node.jsDoc.at(-1).comment)
      found[node.name.getText()] = comment.replace(/\s+/g, " ").trim()
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
  return found
}

const escaped = (text) => text.replaceAll("|", "\\|")

const names = (values) => values.map((value) => (value === null ? "null" : JSON.stringify(value))).join(", ")

function row(name, option, docs, groups) {
  const access = option.access === "read" ? ", read-only" : ""
  const since = [option.since && `libzmq ${option.since}`, option.patch && `patch ${option.patch}`, option.needs]
    .filter(Boolean)
    .join(", ")
  const doc = docs[name].replace(/^([A-Z0-9_, ]+): /, "")
  const note = since === "" ? "" : ` Needs: ${since}.`
  const sockets = option.on === undefined ? "all" : (groups.get(option.on) ?? option.on.join(", "))
  return `| \`${name}\` | ${option.values ? names(option.values) : kinds[option.wire]}${access} | ${sockets} | \`${option.zmq}\` | ${escaped(doc + note)} |`
}

/** The text of the page. `dist` is the folder of the compiled tables. */
export function optionsDoc(dist) {
  const ts = require("typescript")
  const { contextOptions, socketOptions } = require(path.join(dist, "options/table/index.js"))
  const { readers, writers } = require(path.join(dist, "base/socket-types.js"))
  const groups = new Map([
    [writers, "sockets that send"],
    [readers, "sockets that receive"],
  ])
  const files = ["general", "transport", "patterns", "mechanisms", "context"]
  const [contextDocs, ...socketDocs] = files
    .reverse()
    .map((name) => docstrings(ts, inProject("lib/options/table", `${name}.ts`)))
  const docs = Object.assign({}, ...socketDocs)
  const head = "| option | value | sockets | libzmq | meaning |\n|---|---|---|---|---|"
  const rows = (table, all) => Object.entries(table).map(([name, option]) => row(name, option, all, groups))
  return `# Options

Each option is a property of its socket or context, and of the object that the constructor takes. Times are in milliseconds and sizes in bytes,
unless stated otherwise. An option that the linked libzmq lacks throws ENOTSUP, and the error says which version has it.

## Sockets

${[head, ...rows(socketOptions, docs)].join("\n")}

\`XPublisher\` also has \`verbosity\` (null, "allSubs" or "allSubsUnsubs": \`ZMQ_XPUB_VERBOSE\`, \`ZMQ_XPUB_VERBOSER\`) and, like \`Subscriber\`,
the methods \`subscribe\` and \`unsubscribe\`. Sockets that send have \`sendQueue\`, sockets that receive \`receiveQueue\`: null, or
\`{ limit, whenFull: "wait" | "reject" | "drop-oldest" }\`, which lets \`limit\` operations wait at a time.

## Contexts

${[head, ...rows(contextOptions, contextDocs)].join("\n")}
`
}
