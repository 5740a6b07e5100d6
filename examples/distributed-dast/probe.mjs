// A small scanner of running web applications: probes one page, and prints what it finds as a SARIF log.
// Usage: node probe.mjs --scope ORIGIN URL. It asks nothing outside of ORIGIN, such as http://127.0.0.1:8090, whatever the task says.

import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"

import { allowsAnyOrigin, brokenBy, weaknessesOf } from "./checks.mjs"
import { descriptors, rules } from "./rules.mjs"

/** A scanner must not get in the way of those who use the application. */
const pauseMs = 80
const timeoutMs = 20_000

function target() {
  try {
    const { values, positionals } = parseArgs({ options: { scope: { type: "string" } }, allowPositionals: true })
    return { scope: new URL(values.scope).origin, url: new URL(positionals[0]) }
  } catch {
    console.error("Usage: node probe.mjs --scope ORIGIN URL")
    process.exit(2)
  }
}

const { scope, url } = target()
if (url.origin !== scope) {
  console.error(`${url} is not within ${scope}, so it is not probed`)
  process.exit(2)
}

/** Asks for the page, with some parameters changed. Redirects are not followed: they may lead elsewhere. */
async function ask(changes = {}, headers = {}) {
  await sleep(pauseMs)
  const changed = new URL(url)
  for (const [name, value] of Object.entries(changes)) changed.searchParams.set(name, value)
  const response = await fetch(changed, { headers, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const path = url.pathname
const plain = await ask()
if (plain.status >= 400) throw new Error(`${url} answers ${plain.status}`)
const found = [...weaknessesOf(plain, path)]
if (await allowsAnyOrigin(ask)) found.push({ rule: "any-origin", path })
for (const [name, value] of url.searchParams)
  for await (const rule of brokenBy(ask, name, value)) found.push({ rule, path, parameter: name })

/** Its place is relative to the application, so that a finding is the same wherever the application runs. */
const resultOf = ({ rule, path: uri, parameter }) => ({
  ruleId: rule,
  level: rules[rule].level,
  message: { text: parameter === undefined ? rules[rule].text : `${rules[rule].text}: ${parameter}` },
  locations: [
    {
      physicalLocation: { artifactLocation: { uri, uriBaseId: "APPLICATION" } },
      ...(parameter !== undefined && { logicalLocations: [{ name: parameter, kind: "parameter" }] }),
    },
  ],
  // What makes it the same finding, on whichever page and with whichever value it was found.
  partialFingerprints: { "weakness/v1": [rule, uri, parameter].filter(Boolean).join(" ") },
})

console.log(
  JSON.stringify({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "probe", version: "1.0.0", rules: descriptors } },
        originalUriBaseIds: { APPLICATION: { uri: `${scope}/` } },
        results: found.map(resultOf),
      },
    ],
  }),
)
