// toolkit/docs/integrations.md: what the toolkit works with, and the tests that show it.

import { readdirSync } from "node:fs"

import { inProject } from "../lib/project.mjs"

const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`

const againstText = ({ program, debian, npm, version, what }) =>
  program === undefined
    ? what
    : `**${program} ${version}** (${debian === undefined ? `npm: ${npm}` : `Debian 12: ${debian}`})`

const fileLink = ([file, , count]) => `[${counted(count, "test")}](../test/${file})`

/** The payloads whose names begin so. */
export const payloadsOf = (prefix) =>
  prefix === undefined
    ? []
    : readdirSync(inProject("toolkit/test/relay/payloads")).filter((name) => name.startsWith(prefix))

function row({ name, direction, part, against, tests, payloads }) {
  const cases = tests.map(fileLink)
  const published = payloadsOf(payloads)
  if (published.length > 0) cases.push(counted(published.length, "published payload"))
  return `| ${name} | ${direction} | ${part} | ${againstText(against)} | ${cases.join(", ")} |`
}

/** The page. */
export async function integrationsPage() {
  const { integrations } = await import(inProject("toolkit/test/integrations.mjs"))
  const real = integrations.filter(({ against }) => against.program !== undefined).length
  return `# Integrations

What the toolkit works with, and what its tests run against: the real program where Debian or npm has one (${real} of ${integrations.length} rows, with its version in bold),
else a stand-in. A **contract server** answers as the documentation of the real one says, and refuses what that refuses. One test of a file can stand in several rows.

| integration | direction | part | tested against | cases |
|---|---|---|---|---|
${integrations.map(row).join("\n")}

*In* is into the relay, *out* is out of it. To add a row, edit \`toolkit/test/integrations.mjs\`.`
}
