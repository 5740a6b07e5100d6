// Writes the pages that come from tables in the source: docs/options.md, docs/errors.md, man/ohmq.1, and of the toolkit the tables in
// docs/relay.md, docs/respond.md and docs/monitoring.md, the JSON Schemas of relay and responder, and docs/integrations.md.

import { writeFileSync } from "node:fs"

import { inProject, runMain, say } from "./lib/project.mjs"
import { errorsDoc } from "./pages/errors.mjs"
import { pageText, withParts } from "./pages/generated.mjs"
import { integrationsPage } from "./pages/integrations.mjs"
import { manPage } from "./pages/man.mjs"
import { alertsTable } from "./pages/monitoring.mjs"
import { optionsDoc } from "./pages/options.mjs"
import { relayOptions } from "./pages/relay.mjs"
import { respondParts } from "./pages/respond.mjs"

const command = "npm run pages"

const whole = async () => ({
  "docs/options.md": optionsDoc(inProject("dist")),
  "docs/errors.md": errorsDoc(),
  "man/ohmq.1": await manPage(inProject("dist")),
})

/** The pages of the core as they must be, by path. */
export const corePages = async () =>
  Object.fromEntries(Object.entries(await whole()).map(([file, text]) => [file, pageText(file, command, text)]))

/** The pages of the toolkit as they must be, by path. */
export async function toolkitPages() {
  const { parts, schema } = await relayOptions()
  const respond = await respondParts()
  return {
    "toolkit/docs/relay.md": withParts("toolkit/docs/relay.md", command, parts),
    "toolkit/docs/relay.schema.json": schema,
    "toolkit/docs/respond.md": withParts("toolkit/docs/respond.md", command, respond.parts),
    "toolkit/docs/respond.schema.json": respond.schema,
    "toolkit/docs/integrations.md": pageText("toolkit/docs/integrations.md", command, await integrationsPage()),
    "toolkit/docs/monitoring.md": withParts("toolkit/docs/monitoring.md", command, alertsTable()),
  }
}

/** All of them. */
export const pages = async () => ({ ...(await corePages()), ...(await toolkitPages()) })

if (process.argv[1] === import.meta.filename) {
  await runMain(async () => {
    for (const [file, text] of Object.entries(await pages())) {
      writeFileSync(inProject(file), text)
      say("pages", file)
    }
  })
}
