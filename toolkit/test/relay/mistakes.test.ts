// docs/relay-mistakes.md: each wrong configuration is played, and each kind of source and sink has three.

import { parseConfig, relaySchema } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"
import { type Example, examplesOf, messagesOf } from "./mistake-examples.js"
import { env } from "./support.js"

Object.assign(process.env, { GITHUB_SECRET: env.GITHUB_SECRET })

const examples = examplesOf("relay-mistakes.md")

const indented = (yaml: string) => yaml.replace(/^/gm, "  ")

/** A configuration that is right, but for the example. */
function configWith({ part, yaml }: Example): string {
  const [name = ""] = yaml.split(":", 1)
  const parts = {
    version: "version: 1",
    store: "store: { path: ./data }",
    http: 'http: { listen: "127.0.0.1:8080" }',
    sources: `sources:\n  hooks: { type: webhook, preset: github, path: /github, secret: "env:GITHUB_SECRET" }`,
    routes: "routes:\n  - { name: all, from: [hooks], to: [archive] }",
    sinks: "sinks:\n  archive: { type: file, path: ./events.ndjson }",
  }
  if (part.startsWith("Source")) {
    parts.sources = `sources:\n${indented(yaml)}`
    parts.routes = parts.routes.replace("hooks", name)
  } else if (part.startsWith("Sink") || part === "Every sink") {
    parts.sinks = `sinks:\n${indented(yaml)}`
    parts.routes = parts.routes.replace("archive", name)
  } else if (part.startsWith("`routes`") || part.startsWith("Route")) parts.routes = `routes:\n${indented(yaml)}`
  else if (part === "The top") parts.version = yaml
  else parts[part.replaceAll("`", "") as "store" | "http"] = yaml
  return Object.values(parts).join("\n")
}

describe("docs/relay-mistakes.md", () => {
  it.each(examples.map((example) => [example.part, example.yaml, example] as const))(
    "%s: %s",
    (_part, _yaml, example) => {
      expect(messagesOf(() => parseConfig(configWith(example), "/nowhere/relay.yaml")).toSorted()).toEqual(
        example.messages.toSorted(),
      )
      expect(example.messages).not.toEqual([])
    },
  )

  const { definitions } = relaySchema() as { definitions: Record<string, unknown> }
  const kinds = Object.keys(definitions).map((name) =>
    name.replace(/^(\w)(\w+)-(.+)$/, (_, a, b, kind) => `${a.toUpperCase()}${b} \`${kind}\``),
  )
  it.each([...kinds, "`store`", "`http`", "`routes`", "Every sink"])(
    "has three wrong configurations for: %s",
    (part) => {
      expect(examples.filter((example) => example.part === part).length).toBeGreaterThanOrEqual(3)
    },
  )
})
