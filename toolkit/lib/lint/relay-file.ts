// The rules for configurations of the relay. What the configuration itself refuses is not looked for again.

import { ConfigDocument, isLoopback } from "../config/index.js"
import { parseConfig } from "../relay/index.js"
import { reachOf } from "./endpoints.js"
import type { Comment, Violation } from "./place.js"
import type { RuleId } from "./rules.js"

/** What encrypts by itself, whatever else is set. */
const encrypted = new Set(["https:", "tls:", "wss:"])

interface Options {
  readonly [name: string]: unknown
}

const isOptions = (value: unknown): value is Options =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const sorted = (value: unknown): Options => (isOptions(value) ? value : {})

/** Whether an address of a source or sink goes beyond this machine, without encryption. */
function isOpen(address: string): boolean {
  const [scheme = ""] = /^[a-z]+:/.exec(address) ?? []
  if (encrypted.has(scheme)) return false
  if (scheme === "http:" || scheme === "nats:")
    return URL.canParse(address) && !isLoopback(new URL(address.replace(/^nats:/, "http:")).hostname)
  return reachOf(address) === "far"
}

/** The options that hold addresses, and the rule that an open one breaks. */
const addresses: Readonly<Record<string, RuleId>> = {
  bind: "public-bind",
  connect: "unencrypted-connect",
  url: "unencrypted-connect",
  servers: "unencrypted-connect",
}

/** Whether a text is meant to be a configuration of the relay: it has sources and sinks. */
export function isRelayFile(text: string): boolean {
  const value = sorted(new ConfigDocument(text).value)
  return "sources" in value && "sinks" in value
}

/**
 * Finds what breaks the rules in a configuration of the relay. Secrets are not looked up.
 *
 * @throws ConfigError if the configuration is not valid
 */
export function lintRelay(text: string, file: string): { violations: Violation[]; comments: Comment[] } {
  parseConfig(text, file, { needsSecrets: false })
  const document = new ConfigDocument(text)
  const violations: Violation[] = []
  const report = (rule: RuleId, path: PropertyKey[], message: string) =>
    violations.push({ rule, ...document.place(path), message })
  const root = sorted(document.value)
  const { listen } = sorted(root.http)
  if (typeof listen === "string" && !isLoopback(listen.slice(0, listen.lastIndexOf(":"))))
    report("public-bind", ["http", "listen"], `http: ${listen} can be reached from other machines, unencrypted`)
  for (const room of ["sources", "sinks"] as const) {
    for (const [name, component] of Object.entries(sorted(root[room]))) {
      const options = sorted(component)
      if (options.security !== undefined) continue
      for (const [option, rule] of Object.entries(addresses)) {
        const values = [options[option]].flat()
        for (const [index, value] of values.entries()) {
          if (typeof value !== "string" || !isOpen(value)) continue
          const path = [room, name, option, ...(Array.isArray(options[option]) ? [index] : [])]
          report(rule, path, `${room}.${name}: ${value} goes beyond this machine, unencrypted`)
        }
      }
    }
  }
  return { violations, comments: commentsOf(text) }
}

/** The comments of a YAML text. Only those are looked for that can ignore something, so text that looks like one does no harm. */
const commentsOf = (text: string): Comment[] =>
  text.split("\n").flatMap((line, index) => {
    const at = line.search(/(^|\s)#\s*ohmq-lint-ignore\b/)
    if (at < 0) return []
    const column = line.indexOf("#", at) + 1
    return [{ text: line.slice(column), line: index + 1, column }]
  })
