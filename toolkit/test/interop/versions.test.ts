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

it.each([...packages])("%s has the version %s", (name, version) => {
  const unpacked = process.env.SYSLOG_NG
  // It is unpacked and not installed: see daemons.ts.
  if (name === "syslog-ng-core" && unpacked !== undefined) {
    expect(existsSync(join(unpacked, "usr/lib/syslog-ng", String(version)))).toBe(true)
    return
  }
  const { stdout } = spawnSync("dpkg-query", ["--show", "--showformat=$" + "{Version}", name], { encoding: "utf8" })
  expect({ name, version: stdout }).toEqual({ name, version: expect.stringMatching(new RegExp(`^${version}[.-]`)) })
})
