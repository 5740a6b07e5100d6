// Prometheus' Alertmanager: Debian's package prometheus-alertmanager.

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect } from "vitest"
import { freePort, temporaryFolder } from "../relay/support.js"
import { Daemon, isListening } from "./daemons.js"

/** Starts an Alertmanager that tells a relay of groups. Resolves to what gives it alerts. */
export async function alertmanager(url: string, authorization: string) {
  const folder = temporaryFolder()
  const config = join(folder, "alertmanager.yml")
  writeFileSync(
    config,
    `route: { receiver: relay, group_by: [alertname], group_wait: 100ms, group_interval: 500ms, repeat_interval: 1s }
receivers:
  - name: relay
    webhook_configs:
      - { url: "${url}", http_config: { ${authorization} } }
`,
  )
  const port = await freePort()
  const daemon = new Daemon("prometheus-alertmanager", [
    `--config.file=${config}`,
    `--storage.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--cluster.listen-address=",
  ])
  await daemon.until(() => isListening(port))
  return async (...alerts: object[]) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alerts),
    })
    expect(answer.status).toBe(200)
  }
}
