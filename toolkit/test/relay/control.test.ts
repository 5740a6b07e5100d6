import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { basic, ohmq, RelayProcess, temporaryFolder } from "./support.js"

describe("ohmq relay run", () => {
  it("answers commands in a store whose path is longer than a socket's may be", async () => {
    const folder = temporaryFolder()
    const store = "long/".repeat(40)
    const relay = await RelayProcess.start(folder, basic.replace("./data", store))
    if (process.platform !== "win32") expect(existsSync(join(folder, store, "relay.sock"))).toBe(true)
    const { status, stdout, stderr } = ohmq(folder, "relay", "replay", "archive")
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stderr: "" })
    expect(await relay.end()).toBe(0)
    expect(readdirSync(join(folder, store))).not.toContain("relay.sock")
  })

  it("answers commands though its file has got mistakes since it started", { timeout: 60_000 }, async () => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(folder, basic)
    const file = join(folder, "relay.yaml")
    const right = readFileSync(file, "utf8")
    writeFileSync(file, right.replace("routes:", "rotes:"))
    const warning =
      /^warning: relay\.yaml has mistakes\. This command does not need what is wrong:\nrelay\.yaml:\d+:\d+: /
    expect(ohmq(folder, "relay", "replay", "archive")).toMatchObject({
      status: 0,
      stdout: "0 dead letters of archive will be delivered again\n",
      stderr: expect.stringMatching(warning),
    })
    expect(ohmq(folder, "relay", "replay", "archiv").stderr).toContain("Did you mean")
    expect(ohmq(folder, "relay", "reconcile")).toMatchObject({ status: 0, stderr: expect.stringMatching(warning) })
    expect(await relay.end()).toBe(0)
    // Without it, the routes say what becomes of dead letters.
    expect(ohmq(folder, "relay", "replay", "archive")).toMatchObject({ status: 2, stdout: "" })
    expect(ohmq(folder, "relay", "tap")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^warning: [\s\S]*error: The relay does not run/),
    })
    writeFileSync(file, right.replace("store:", "stor:"))
    expect(ohmq(folder, "relay", "tap")).toMatchObject({ status: 2, stderr: expect.stringContaining('"stor"') })
  })
})
