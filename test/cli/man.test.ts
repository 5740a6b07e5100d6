// The man page, as readers of such pages see it. test/scripts/pages.test.ts checks that it is up to date.

import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"
import { root } from "../support/process.js"
import { ohmq } from "./support.js"

const { man } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { man: string }
const page = path.join(root, man)

const read = (command: string, args: string[]) => {
  const env = { ...process.env, MANWIDTH: "1000", LC_ALL: "C.UTF-8" }
  const { status, stdout, stderr } = spawnSync(command, [...args, page], { encoding: "utf8", env })
  return { status, stdout, stderr }
}

describe("ohmq(1)", () => {
  it("has nothing that mandoc warns of", () => {
    expect(read("mandoc", ["-T", "lint", "-W", "warning"])).toEqual({ status: 0, stdout: "", stderr: "" })
  })

  it("has nothing that man warns of", () => {
    expect(read("man", ["--warnings", "-E", "utf8", "-l"])).toMatchObject({ status: 0, stderr: "" })
  })

  it("has every verb, option and example of the help", async () => {
    const { stdout } = read("man", ["-l"])
    const text = stdout.replace(/\s+/g, " ")
    const overview = (await ohmq([])).stdout
    const verbs = [...overview.matchAll(/^ {2}[A-Z][a-z ]+: +(.*)$/gm)].flatMap(([, row]) => (row as string).split(" "))
    expect(verbs.length).toBeGreaterThan(20)
    for (const verb of verbs) {
      const { stdout: help } = await ohmq(["help", verb])
      expect(stdout).toMatch(new RegExp(`^ +ohmq ${verb}$`, "m"))
      for (const [, option] of help.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)) expect(text).toContain(option)
      for (const [, example] of help.matchAll(/^ {2}# .*\n {2}(.*)$/gm)) {
        expect(text).toContain((example as string).replace(/\s+/g, " "))
      }
    }
  })
})
