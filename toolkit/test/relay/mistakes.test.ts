// docs/relay-mistakes.md: each wrong configuration is played, and each kind of source and sink has three.

import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseConfig, relaySchema } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"
import { env } from "./support.js"

Object.assign(process.env, { GITHUB_SECRET: env.GITHUB_SECRET })

const page = readFileSync(resolve(import.meta.dirname, "../../docs/relay-mistakes.md"), "utf8")

interface Example {
  /** The heading above it. */
  part: string
  yaml: string
  messages: string[]
}

const examples: Example[] = page.split(/^## /m).flatMap((section) => {
  const part = section.slice(0, section.indexOf("\n"))
  const block = /^```yaml\n(.+?)^```/ms.exec(section)?.[1] ?? ""
  return block
    .split("\n\n")
    .filter((text) => text.trim() !== "")
    .map((text) => {
      const lines = text.trimEnd().split("\n")
      const messages = lines.filter((line) => line.startsWith("# ")).map((line) => line.slice(2))
      return { part, yaml: lines.filter((line) => !line.startsWith("# ")).join("\n"), messages }
    })
})

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

/** What is said of a configuration, without the places. */
function messagesFor(text: string): string[] {
  try {
    parseConfig(text, join("/nowhere", "relay.yaml"))
  } catch (error) {
    return (error as Error).message.split("\n").map((line) => line.replace(/^\S+:\d+:\d+: /, ""))
  }
  return []
}

describe("docs/relay-mistakes.md", () => {
  it.each(examples.map((example) => [example.part, example.yaml, example] as const))(
    "%s: %s",
    (_part, _yaml, example) => {
      expect(messagesFor(configWith(example)).toSorted()).toEqual(example.messages.toSorted())
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
