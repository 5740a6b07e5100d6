import { existsSync, readdirSync } from "node:fs"
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
})
