// Node's permission model, on each Node.js: nothing but the project may be read.

import path from "node:path"

import { beforeAll, expect, it } from "vitest"

import { root } from "../support/process.js"
import { ensureRuntimes, runOn, runtimes } from "./runtimes.mjs"

beforeAll(() => ensureRuntimes(), 300_000)

const nodes = runtimes.filter(({ name }) => name.startsWith("Node.js"))
const program = path.join(import.meta.dirname, "first-message.mjs")

it.each(nodes)("$name needs to read nothing but the project", async (runtime) => {
  const { stdout: version } = await runOn(runtime, ["-p", "parseInt(process.versions.node)"])
  const permission = Number(version) < 22 ? "--experimental-permission" : "--permission"
  const flags = [permission, "--allow-addons", `--allow-fs-read=${root}`, "--no-warnings"]
  const sent = { status: 0, stdout: "loaded ohmq\na message\n", stderr: "" }
  expect(await runOn(runtime, [...flags, program, "ohmq"])).toMatchObject(sent)
})

const deno = runtimes.find(({ name }) => name === "Deno")?.command[0]

it.runIf(deno !== undefined)("Deno needs to read nothing but the project", async () => {
  const flags = [
    "--no-prompt",
    "--no-lock",
    "--allow-ffi",
    `--allow-read=${root}`,
    "--allow-env=OHMQ_PREBUILD,OHMQ_POLLER",
  ]
  const sent = { status: 0, stdout: "loaded ohmq\na message\n", stderr: "" }
  expect(await runOn({ command: [deno as string], env: {} }, ["run", ...flags, program, "ohmq"])).toMatchObject(sent)
})
