// The generated parts of toolkit/docs/relay.md, and toolkit/docs/relay.schema.json: from the schemas that check a configuration.

import { pathToFileURL } from "node:url"

import { inProject } from "../lib/project.mjs"

const escaped = (text) => text.replaceAll("|", "\\|")

/** A default as it would be written. A list of one may be written as its only value. */
function written(value) {
  if (Array.isArray(value) && value.length === 1) return written(value[0])
  return typeof value === "string" && value !== "" ? value : JSON.stringify(value)
}

function row({ name, type, default: initial, isRequired, text }) {
  const value = initial === undefined ? (isRequired ? "required" : "") : `\`${escaped(written(initial))}\``
  return `| \`${name}\` | ${escaped(type)} | ${value} | ${escaped(text)} |`
}

/** A table of options. */
export const optionTable = (rows) => ["| option | type | default | |", "|---|---|---|---|", ...rows.map(row)].join("\n")

/** The tables by the names of their places in the page, and the text of the JSON Schema. */
export async function relayOptions() {
  const { optionTables, relaySchema } = await import(
    pathToFileURL(inProject("toolkit/dist/relay/configuration/reference.js")).href
  )
  return {
    parts: Object.fromEntries(
      Object.entries(optionTables()).map(([name, rows]) => [`options of ${name}`, optionTable(rows)]),
    ),
    schema: `${JSON.stringify(relaySchema(), null, 2)}\n`,
  }
}
