// A real Prometheus for tests: Debian's package prometheus.

import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, onTestFinished } from "vitest"
import { freePort, temporaryFolder, until } from "../relay/support.js"

export interface Series {
  metric: Record<string, string>
  value: [time: number, value: string]
}

/** A configuration that scrapes relays, five times a second. */
export function scrapeConfig(relays: readonly string[], rules?: string): string {
  const targets = relays.map((url) => JSON.stringify(new URL(url).host)).join(", ")
  return `global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }
scrape_configs: [{ job_name: relay, static_configs: [{ targets: [${targets}] }] }]
${rules === undefined ? "" : `rule_files: [${JSON.stringify(rules)}]`}
`
}

/** How a Prometheus is started: what follows the name of the program. */
export const prometheusArgs = (config: string, data: string, address: string): string[] => [
  `--config.file=${config}`,
  `--storage.tsdb.path=${data}`,
  `--web.listen-address=${address}`,
  "--log.level=error",
]

/** The API of a Prometheus at an address. */
export function prometheusApi(address: string) {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://${address}/api/v1/${path}`)
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string }
    if (status !== "success") throw new Error(error)
    return data
  }
  return {
    get,
    query: async (query: string) =>
      (await get<{ result: Series[] }>(`query?query=${encodeURIComponent(query)}`)).result,
  }
}

/**
 * A Prometheus that scrapes relays.
 *
 * @param rules A file of rules that it evaluates.
 */
export async function prometheus(relays: readonly string[], rules?: string) {
  const folder = temporaryFolder()
  mkdirSync(join(folder, "data"))
  const config = join(folder, "prometheus.yml")
  writeFileSync(config, scrapeConfig(relays, rules))
  expect(execFileSync("promtool", ["check", "config", config], { encoding: "utf8" })).toContain("SUCCESS")
  const address = `127.0.0.1:${await freePort()}`
  const program = spawn("prometheus", prometheusArgs(config, join(folder, "data"), address), {
    stdio: ["ignore", "ignore", "pipe"],
  })
  let said = ""
  program.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text
  })
  const ended = once(program, "exit")
  onTestFinished(async () => {
    program.kill()
    await ended
  })
  await Promise.race([
    until(() =>
      fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    ),
    ended.then(() => {
      throw new Error(`Prometheus has ended: ${said}`)
    }),
  ])
  return prometheusApi(address)
}
