// Runs the checks and programs of this folder on every runtime. They are plain JavaScript: vitest runs on Node.js alone.

import { beforeAll, describe, expect, it } from "vitest"

import { exits } from "./exit.mjs"
import { ensureRuntimes, failedChecks, runtimes, wrongExit } from "./runtimes.mjs"

const topics = ["sockets", "waiting", "messages", "more", "workers"]

beforeAll(() => ensureRuntimes(), 300_000)

describe.each(runtimes)("$name", (runtime) => {
  it.each(topics)("passes the checks of %s", { timeout: 60_000 }, async (topic) => {
    const { count, failed } = await failedChecks(runtime, topic)
    expect(failed).toEqual({})
    expect(count).toBeGreaterThan(3)
  })

  it.each(Object.entries(exits))("ends as it should when %s", async (name, exit) => {
    expect(await wrongExit(runtime, name, exit)).toBeUndefined()
  })
})
