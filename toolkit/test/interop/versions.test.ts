// docs/integrations.md says which versions of Debian's packages the tests ran with: those that are here.

import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { expect, it } from "vitest"

interface Integration {
  against: { debian?: string; version?: string; moves?: boolean }
}

const { integrations }: { integrations: Integration[] } = await import(join(import.meta.dirname, "../integrations.mjs"))
const packages = new Map(
  integrations.flatMap(({ against: { debian, version, moves } }) => (debian && !moves ? [[debian, version]] : [])),
)

/** What is unpacked and not installed says its version itself: see daemons.ts and crowdsec.ts. */
function unpackedVersion(name: string, version: string): string | undefined {
  const { SYSLOG_NG, CROWDSEC } = process.env
  if (name === "syslog-ng-core" && SYSLOG_NG !== undefined)
    return existsSync(join(SYSLOG_NG, "usr/lib/syslog-ng", version)) ? `${version}.` : "another"
  if (name !== "crowdsec" || CROWDSEC === undefined) return undefined
  const { stderr } = spawnSync(join(CROWDSEC, "usr/bin/crowdsec"), ["-version"], { encoding: "utf8" })
  return /version: v(\S+)/.exec(stderr ?? "")?.[1] ?? "none"
}

const installedVersion = (name: string) =>
  spawnSync("dpkg-query", ["--show", "--showformat=$" + "{Version}", name], { encoding: "utf8" }).stdout

it.each([...packages])("%s has the version %s", (name, version) => {
  const found = unpackedVersion(name, String(version)) ?? installedVersion(name)
  expect({ name, version: found }).toEqual({ name, version: expect.stringMatching(new RegExp(`^${version}[.-]`)) })
})
