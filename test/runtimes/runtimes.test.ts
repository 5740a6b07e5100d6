// Runs the checks and programs of this folder on every runtime. They are plain JavaScript: vitest runs on Node.js alone.

import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { exits } from "./exit.mjs"
import { ensureRuntimes, failedChecks, runOn, runtimes, wrongExit } from "./runtimes.mjs"

const topics = ["sockets", "waiting", "messages", "memory", "more", "workers"]

beforeAll(() => ensureRuntimes(), 300_000)

describe.each(runtimes)("$name", (runtime) => {
  it.each(topics)("passes the checks of %s", async (topic) => {
    const { count, failed } = await failedChecks(runtime, topic)
    expect(failed).toEqual({})
    expect(count).toBeGreaterThan(3)
  })

  it.each(Object.entries(exits))("ends as it should when %s", async (name, exit) => {
    expect(await wrongExit(runtime, name, exit)).toBeUndefined()
  })
})

describe.runIf(runtimes.some(({ name }) => name === "Bun"))("zeromq", () => {
  const sends = (runtime: string, packageName: string) => {
    const command = runtimes.find(({ name }) => name === runtime) as (typeof runtimes)[number]
    return runOn(command, [path.join(import.meta.dirname, "first-message.mjs"), packageName])
  }

  it.each(["Node.js", "Bun"])("is replaced by what sends messages under %s", async (runtime) => {
    expect(await sends(runtime, "ohmq")).toMatchObject({ status: 0, stdout: "loaded ohmq\na message\n", stderr: "" })
  })

  it("sends them under Node.js, and ends the process under Bun", async () => {
    expect(await sends("Node.js", "zeromq")).toMatchObject({ status: 0, stdout: "loaded zeromq\na message\n" })
    const { status, stdout, stderr } = await sends("Bun", "zeromq")
    expect({ status, stdout }).toEqual({ status: "SIGABRT", stdout: "loaded zeromq\n" })
    expect(stderr).toMatch(/unsupported uv function/)
  })
})
