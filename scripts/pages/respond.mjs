// The generated parts of toolkit/docs/respond.md, and toolkit/docs/respond.schema.json: from the schemas that check a configuration, and from the
// list of attacks that are tested.

import { pathToFileURL } from "node:url"

import { inProject } from "../lib/project.mjs"
import { optionTable } from "./relay.mjs"

const load = (file) => import(pathToFileURL(inProject(file)).href)

const cell = (text) => text.replaceAll("|", "\\|")

/** The parts by the names of their places in the page, and the text of the JSON Schema. */
export async function respondParts() {
  const { respondTables, respondSchema } = await load("toolkit/dist/respond/configuration/reference.js")
  const { attacks } = await load("toolkit/test/respond/attack-list.mjs")
  const tables = Object.entries(respondTables()).map(([name, rows]) => [`options of ${name}`, optionTable(rows)])
  const rows = attacks.map(({ attack, happens, test }) => `| ${cell(attack)} | ${cell(happens)} | ${test} |`)
  return {
    parts: {
      ...Object.fromEntries(tables),
      attacks: ["| attack | what happens | test |", "|---|---|---|", ...rows].join("\n"),
    },
    schema: `${JSON.stringify(respondSchema(), null, 2)}\n`,
  }
}
