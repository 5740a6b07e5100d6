// `ohmq relay init`: a configuration to begin with.

import { randomBytes } from "node:crypto"
import { existsSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { schemaReference } from "./schema.js"
import { defaultFile, parseUsage, UsageError } from "./usage.js"

const secretName = "webhook.secret"

const template = (schema: string) => `# yaml-language-server: $schema=${schema}
# A relay: events come in at the sources, are stored on disk, and reach every sink of their routes.
# Check it with "ohmq relay check", run it with "ohmq relay run". Paths are relative to this file.
version: 1

# Where events are kept until all sinks have them, and for how long after that.
store: { path: ./data, maxBytes: 1GiB, retention: 7d }

# Webhooks, and /healthz, /readyz, /metrics. With "page: true" in it, http://127.0.0.1:8080 is a status page.
http: { listen: "127.0.0.1:8080" }

sources:
  # What GitHub's webhooks call. Give GitHub the secret in the file ${secretName}.
  # A secret can also come from the environment: "env:GITHUB_SECRET".
  hooks: { type: webhook, preset: github, path: /github, secret: "file:${secretName}" }

  # What programs send over ZeroMQ, in the format of docs/wire.md.
  scanners: { type: zmq, socket: pull, bind: "tcp://127.0.0.1:5561" }

routes:
  # "when" is a CEL expression over the event. An event that no route takes is counted and not kept.
  - { name: all, from: [hooks, scanners], when: 'type != "com.github.ping"', to: [archive] }

sinks:
  # A line of JSON for each event.
  archive: { type: file, path: ./events.ndjson, maxBytes: 100MiB }

  # Another relay, on another host. README.md has its configuration. Add it to a route to use it.
  # hub: { type: link, connect: "tcp://127.0.0.1:5570", security: { cert: ./edge.key_secret, serverKey: ./hub.key } }

  # Another service, signed by Standard Webhooks. Add it to a route to use it.
  # notify: { type: webhook, url: "https://example.com/hook", secret: "env:NOTIFY_SECRET" }
`

export async function init(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 1)
  const file = positionals[0] ?? defaultFile
  if (existsSync(file)) throw new UsageError(`${file} is there already`)
  const secretFile = join(dirname(file), secretName)
  if (!existsSync(secretFile))
    writeFileSync(secretFile, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600, flag: "wx" })
  writeFileSync(file, template(schemaReference(file, "relay")), { flag: "wx" })
  process.stdout.write(`${file} and ${secretFile} are written. Next: ohmq relay run ${file}\n`)
  return 0
}
