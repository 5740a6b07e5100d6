// The dependencies that users install, as THIRD-PARTY-NOTICES.md has them.

import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { root } from "../support/process.js"

interface Locked {
  license?: string
  link?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const read = (file: string) => readFileSync(path.join(root, file), "utf8")
const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> }
const notices = read("THIRD-PARTY-NOTICES.md")

/** Where a package finds another one. */
function find(from: string, name: string): string | undefined {
  const parts = from.split("/")
  for (let length = parts.length; length >= 0; length--) {
    const place = [...parts.slice(0, length), "node_modules", name].filter((part) => part !== "").join("/")
    if (packages[place] !== undefined) return place
  }
  return undefined
}

/** The packages that a package needs to run, with what they need, by their places. */
function needed(from: string, found = new Map<string, string>()): Map<string, string> {
  const { dependencies, optionalDependencies } = packages[from] ?? {}
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const place = find(from, name)
    // One for another system may not be there.
    if (place === undefined || packages[place]?.link || found.has(place)) continue
    found.set(place, packages[place]?.license ?? "none")
    needed(place, found)
  }
  return found
}

describe("THIRD-PARTY-NOTICES.md", () => {
  it("says that ohmq has no dependencies", () => {
    expect(needed("").size).toBe(0)
    expect(notices).toContain("`ohmq` has no dependencies.")
  })

  it("lists the dependencies of ohmq-toolkit with their licences", () => {
    const table = [...notices.matchAll(/^\| `(\S+)` \| (.+) \|$/gm)].map(([, name, licence]) => [name, licence])
    const direct = Object.keys(packages.toolkit?.dependencies ?? {}).sort()
    expect(table).toEqual(direct.map((name) => [name, packages[find("toolkit", name) ?? ""]?.license]))
  })

  it("names the licences of all that they need", () => {
    const found = needed("toolkit")
    expect(found.size).toBeGreaterThan(50)
    const named = ["MIT", "ISC", "BSD-3-Clause", "Apache-2.0", "Unlicense"]
    expect([...found].filter(([, licence]) => !named.includes(licence))).toEqual([])
  })
})
