// The examples in the help of the verbs that set something up, as a user would paste them.

import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"
import { folder } from "../security/support.js"
import { root } from "../support/process.js"
import { shell } from "./support.js"

const { bin } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { bin: Record<string, string> }

function helpOf(verb: string): string {
  const command = [path.join(root, bin.ohmq as string), "help", ...verb.split(" ")]
  return spawnSync(process.execPath, command, { encoding: "utf8" }).stdout
}

/** The names of a verb and of all below it, with their help. */
function below(verb: string): [name: string, help: string][] {
  const help = helpOf(verb)
  const list = /\nCommands\n((?: {2}.*\n)+)/.exec(help)?.[1] ?? ""
  const names = [...list.matchAll(/^ {2}([a-z][a-z0-9-]*) /gm)].map(([, word]) => `${verb} ${word}`)
  return [[verb, help], ...names.flatMap(below)]
}

const verbs = ["keys", "profile", "info", "completion"].flatMap(below)
const examples = verbs.flatMap(([, help]) =>
  [...help.matchAll(/^ {2}# .*\n {2}(.*)$/gm)].map(([, command]) => command as string),
)

describe("the examples of keys, profile, info and completion", () => {
  it("are there for every command", () => {
    expect(verbs.map(([name]) => name)).toContain("keys z85 decode")
    expect(examples.length).toBeGreaterThan(15)
  })

  it.each(examples)("%s", async (command) => {
    const cwd = folder()
    const env = { XDG_CONFIG_HOME: path.join(cwd, "config") }
    const { status, stderr } = await shell(`set -e\n${command}`, { cwd, env, timeout: 50_000 })
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringMatching(/error|warning/) })
  })
})
