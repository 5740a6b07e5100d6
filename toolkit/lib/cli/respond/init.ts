// `ohmq respond init`: rules to begin with.

import { randomBytes } from "node:crypto"
import { existsSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { schemaReference } from "../schema.js"
import { parseUsage, UsageError } from "../usage.js"
import { defaultRules } from "./default-rules.js"

const secretName = "alerts.token"

const template = (schema: string) => `# yaml-language-server: $schema=${schema}
# A responder: alerts come in at the sources, and rules start actions. Only what is listed in "actions" can be done, with checked parameters and
# without a shell. Each decision and each outcome is in the audit log.
# Check it with "ohmq respond check", test it with "ohmq respond test", run it with "ohmq respond run". Paths are relative to this file.
version: 1

# Where alerts are kept until they are decided about, and the audit log.
store: { path: ./responder }
audit: { path: ./audit }

http: { listen: "127.0.0.1:8081" }

sources:
  # The webhook of Alertmanager. Its "authorization" has the credentials in the file ${secretName}.
  alerts: { type: webhook, preset: alertmanager, path: /alerts, secret: "file:${secretName}" }

# What must never be blocked, beside this machine, loopback and so on. Add your own networks, gateways and name servers.
protect: [192.0.2.0/24]

# Who may approve, by user id. Without a list: the user that the responder runs as.
# people: { alice: { uid: 1001 }, bob: { uid: 1002 } }

actions:
  # A set of nftables that a rule of your firewall drops. "{ip}" is one argument, or a part of one.
  block:
    type: exec
    command: [nft, add, element, inet, filter, blocked, "{", "{ip}", "}"]
    parameters: { ip: { type: ip, version: 4 } }
    # nft needs CAP_NET_ADMIN. A responder that is root runs nothing as root unless this is said.
    root: true
    # It may be done twice, such as when the responder is killed: nft fails to delete what is not there, so it adds it first, in one transaction.
    undo:
      command: [nft, add, element, inet, filter, blocked, "{", "{ip}", "}", ;, delete, element, inet, filter, blocked, "{", "{ip}", "}"]
      root: true

rules:
  - name: scanners
    when: type == "alert.fired" && data.labels.alertname == "PortScan"
    do: block
    with: { ip: data.labels.source_ip }
    # The same address again within ten minutes is the same.
    dedupe: { key: data.labels.source_ip, window: 10m }
    # Whoever can cause alerts cannot cause more than this.
    limit: { count: 20, per: 1h }
    expires: 1h
    # A person has to approve. Remove this once you trust the rule.
    approve: required
    # It is only recorded what would be done. Remove this when the log says what you expect.
    dryRun: true
`

const tests = `# Run these with "ohmq respond test".
tests:
  - name: a port scan is blocked
    given:
      from: alerts
      event: { type: alert.fired, data: { labels: { alertname: PortScan, source_ip: 198.51.100.7 } } }
    expect: [{ rule: scanners, decision: dry-run, parameters: { ip: 198.51.100.7 } }]
  - name: a protected network is not
    given:
      from: alerts
      event: { type: alert.fired, data: { labels: { alertname: PortScan, source_ip: 192.0.2.1 } } }
    expect: [{ rule: scanners, decision: refused, detail: is protected }]
`

export async function init(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 1)
  const file = positionals[0] ?? defaultRules
  if (!/\.ya?ml$/.test(file)) throw new UsageError(`Expected a name that ends in .yaml, but received "${file}"`)
  const testFile = file.replace(/(\.ya?ml)$/, ".test$1")
  for (const one of [file, testFile]) if (existsSync(one)) throw new UsageError(`${one} is there already`)
  const secretFile = join(dirname(file), secretName)
  if (!existsSync(secretFile))
    writeFileSync(secretFile, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600, flag: "wx" })
  writeFileSync(file, template(schemaReference(file, "respond")), { flag: "wx" })
  writeFileSync(testFile, tests, { flag: "wx" })
  process.stdout.write(`${file}, ${testFile} and ${secretFile} are written. Next: ohmq respond test ${file}\n`)
  return 0
}
