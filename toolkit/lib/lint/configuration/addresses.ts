// The rules for the addresses in a configuration: what others can reach, and what is sent to them unencrypted.

import { isLoopback, isMap } from "../../config/index.js"
import { reachOf } from "../endpoints.js"
import type { RuleId } from "../rules.js"
import type { Report } from "./report.js"

type Options = Readonly<Record<string, unknown>>

/** What encrypts by itself, whatever else is set. */
const encrypted = new Set(["https:", "tls:", "wss:"])

const schemeOf = (address: string): string => /^[a-z]+:/i.exec(address)?.[0].toLowerCase() ?? ""

/** Whether an address goes beyond this machine, without encryption. */
function isOpen(address: string): boolean {
  const scheme = schemeOf(address)
  if (encrypted.has(scheme)) return false
  if (scheme === "http:" || scheme === "nats:") {
    const url = address.replace(/^[a-z]+:/i, "http:")
    return URL.canParse(url) && !isLoopback(new URL(url).hostname)
  }
  return reachOf(address) === "far"
}

/** How an address is encrypted: ZeroMQ has CURVE, others have TLS. */
function adviceOf(rule: RuleId, address: string, { type }: Options): string {
  const scheme = schemeOf(address)
  if (scheme === "http:") return "Use https:"
  if (scheme === "nats:") return "Use tls:"
  if (scheme === "ws:" && type === "jetstream") return "Use wss:"
  if (type === "syslog") return rule === "public-bind" ? "Bind to 127.0.0.1, or use tls: with cert and key" : "Use tls:"
  return rule === "public-bind"
    ? "Bind to 127.0.0.1 or ipc://, or use CURVE: security: { cert, clients }"
    : "Use CURVE: security: { cert, serverKey }"
}

/** The options that hold addresses, and the rule that an open one breaks. */
const addresses: Readonly<Record<string, RuleId>> = {
  bind: "public-bind",
  connect: "unencrypted-connect",
  url: "unencrypted-connect",
  servers: "unencrypted-connect",
}

/** A value of a configuration that should be a map. Empty if it is none. */
const mapIn = (value: unknown): Options => (isMap(value) ? value : {})

/** Checks the addresses of a part, such as of a source. With `security`, they have CURVE. */
export function checkAddresses(part: unknown, path: readonly PropertyKey[], report: Report): void {
  const options = mapIn(part)
  if (options.security !== undefined) return
  for (const [option, rule] of Object.entries(addresses)) {
    for (const [index, value] of [options[option]].flat().entries()) {
      if (typeof value !== "string" || !isOpen(value)) continue
      const name = path.length > 0 ? `${path.join(".")}: ` : ""
      const place = [...path, option, ...(Array.isArray(options[option]) ? [index] : [])]
      report(rule, place, `${name}${value} goes beyond this machine, unencrypted`, adviceOf(rule, value, options))
    }
  }
}

/** Checks where the HTTP server listens, a store that is shared, and the addresses of all sources, sinks and actions. */
export function checkAllAddresses(root: Options, report: Report): void {
  const { listen } = mapIn(root.http)
  if (typeof listen === "string" && !isLoopback(listen.slice(0, listen.lastIndexOf(":"))))
    report(
      "public-bind",
      ["http", "listen"],
      `http: ${listen} can be reached from other machines, unencrypted`,
      "Put a proxy with TLS before it, and listen on 127.0.0.1",
    )
  checkAddresses(mapIn(root.store).jetstream, ["store", "jetstream"], report)
  for (const room of ["sources", "sinks", "actions"]) {
    for (const [name, part] of Object.entries(mapIn(root[room]))) {
      checkAddresses(part, [room, name], report)
      if (room === "actions") checkAddresses(mapIn(part).undo, [room, name, "undo"], report)
    }
  }
}
