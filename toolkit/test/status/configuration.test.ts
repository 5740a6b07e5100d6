// Configurations of the status page that are wrong for what their secrets and sources are. docs/relay-mistakes.md has the others.

import { join } from "node:path"
import { parseConfig } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"
import { githubSecret } from "../relay/support.js"
import { token } from "./support.js"

Object.assign(process.env, { GITHUB_SECRET: githubSecret, PAGE_TOKEN: token, SHORT_TOKEN: "only 15 letters" })

/** What is said of a configuration. */
function messageOf(http: string, path = "/github", needsSecrets = true): string {
  const config = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:8080", ${http} }
sources: { hooks: { type: webhook, preset: github, path: ${path}, secret: env:GITHUB_SECRET } }
routes: [{ name: all, from: [hooks], to: [archive] }]
sinks: { archive: { type: file, path: ./events.ndjson } }
`
  try {
    parseConfig(config, join("/nowhere", "relay.yaml"), { needsSecrets })
    return ""
  } catch (error) {
    return (error as Error).message
  }
}

describe("the options of the status page", () => {
  it("may be used together", () => {
    expect(messageOf("page: true")).toBe("")
    expect(messageOf("page: true, token: env:PAGE_TOKEN")).toBe("")
  })

  it("want a token that cannot be guessed, and do not repeat it", () => {
    const message = messageOf("page: true, token: env:SHORT_TOKEN")
    expect(message).toContain("http.token: The token is shorter than 16 characters. Make one: openssl rand -hex 24")
    expect(message).not.toContain("only 15 letters")
    expect(messageOf("page: true, token: env:NO_SUCH_TOKEN")).toContain("NO_SUCH_TOKEN is not set")
    expect(messageOf("page: true, token: env:NO_SUCH_TOKEN", "/github", false)).toBe("")
  })

  it("give people tokens of their own, each another one", () => {
    process.env.ALICE_TOKEN = "a token of alice's own"
    expect(messageOf("page: true, people: { alice: env:ALICE_TOKEN }")).toBe("")
    expect(messageOf("people: { alice: env:ALICE_TOKEN }")).toContain("http.people: Tokens are for the status page")
    expect(messageOf("page: true, people: { alice: env:SHORT_TOKEN }")).toContain(
      "http.people.alice: The token is shorter than 16 characters",
    )
    expect(messageOf("page: true, token: env:ALICE_TOKEN, people: { alice: env:ALICE_TOKEN }")).toContain(
      "http.people.alice: The token is the same as that of token",
    )
    expect(messageOf('page: true, people: { "<b>": env:ALICE_TOKEN }')).toContain("Expected a name of letters")
  })

  it("keep the page's paths from webhooks", () => {
    expect(messageOf("page: true", "/status/hook")).toContain(
      "sources.hooks.path: Paths that begin with /status/ belong to the status page",
    )
    expect(messageOf("page: false", "/status/hook")).toBe("")
    expect(messageOf("page: true", "/")).toBe("")
  })
})
