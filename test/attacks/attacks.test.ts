// The attacks of docs/security-proof.md: each on each type of server. What they are and how they are counted is in the modules
// beside this file, which `npm run attacks` uses, too.

import { readFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { root } from "../support/process.js"
import { attacks } from "./attacks.mjs"
import { runAttacks } from "./cells.mjs"
import { runStorm } from "./storm.mjs"
import { types } from "./types.mjs"

type Cell = Awaited<ReturnType<typeof runAttacks>>[number]

let cells: Cell[]

beforeAll(async () => {
  cells = await runAttacks()
}, 60_000)

const rows = Object.entries(attacks).map(([key, { title, ...rest }]) => ({
  key,
  title,
  door: "door" in rest ? rest.door : undefined,
  except: "except" in rest ? rest.except : [],
}))

describe.each(rows)("$key: $title", ({ key, door, except }) => {
  const own = () => cells.filter((cell) => cell.key === key)
  const all = (name: keyof Cell) => Object.fromEntries(own().map((cell) => [cell.type, cell[name]]))
  const each = (value: unknown) => Object.fromEntries(types.map(({ name }) => [name, value]))

  it("was tried on every type of server", () => {
    expect(all("error")).toEqual(each(undefined))
    expect(own().every(({ connections }) => connections > 0)).toBe(true)
  })

  it("brings the server nothing", () => {
    expect(all("arrived")).toEqual(each(0))
  })

  it("brings the attacker nothing", () => {
    expect(all("received")).toEqual(each(0))
  })

  it("costs a good client nothing", () => {
    expect(all("lost")).toEqual(each(0))
    expect(own().every(({ good }) => good >= 10)).toBe(true)
  })

  if (door !== undefined) {
    it(`gets through where the door is open (${door})`, () => {
      const shut = own().filter(({ type, control }) => !except.includes(type) && !((control as number) > 0))
      expect(shut).toEqual([])
    })
  }
})

it("stands in the document", () => {
  const document = readFileSync(path.join(root, "docs/security-proof.md"), "utf8")
  expect(rows.filter(({ title }) => !document.includes(title))).toEqual([])
})

describe("10,000 bad handshakes", () => {
  it.each(["function", "folder"])(
    "cost good clients no message, and the server neither descriptors nor memory: a %s",
    async (policy) => {
      const storm = await runStorm(10_000, policy)
      expect(storm).toMatchObject({ handshakes: 10_000, lost: 0, attackerGot: 0 })
      expect(storm.sent).toBeGreaterThan(1000)
      // Strangers are refused; a function does not even see most of them, because they come from one address. They are reported together.
      expect(storm.decisions).toBeGreaterThan(3000)
      expect(storm.lookedInto).toBeLessThan(storm.decisions / 10)
      expect(storm.events).toBeLessThan(storm.decisions / 10)
      const growth = (name: "descriptors" | "heap" | "memory") => {
        const [before = 0, after = 0] = storm[name]
        return after - before
      }
      expect(growth("descriptors")).toBeLessThanOrEqual(2)
      expect(growth("heap") / 2 ** 20).toBeLessThan(5)
      // The C library keeps what was freed; what a connection needs while it is there would be five times as much.
      expect(growth("memory") / 2 ** 20).toBeLessThan(150)
    },
    90_000,
  )
})
