import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { basic, freePort, RelayProcess, temporaryFolder, until } from "./support.js"

const mayMount =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0

describe("A relay that cannot store events", () => {
  it("is not ready, and says so once, while the store is full", async () => {
    const port = await freePort()
    const relay = await RelayProcess.start(
      temporaryFolder(),
      basic
        .replace("path: ./data", "path: ./data, maxBytes: 64KiB, retention: 0s")
        .replace(
          "{ type: file, path: ./events.ndjson }",
          `{ type: webhook, url: "http://127.0.0.1:${port}/", delivery: { retryMin: 50ms, retryMax: 100ms } }`,
        ),
    )
    const ready = async () => {
      const response = await fetch(`${relay.url}/readyz`)
      return { status: response.status, text: await response.text() }
    }
    let number = 0
    const send = async () => (await relay.github(JSON.stringify("x".repeat(4000)), `d${number++}`)).status
    while ((await send()) === 202) expect(await ready()).toEqual({ status: 200, text: "ready\n" })
    expect(await ready()).toEqual({ status: 503, text: "The store is full\n" })
    for (let i = 0; i < 20; i++) expect(await send()).toBe(503)
    expect(await relay.logged("Events could not be stored")).toMatchObject({
      source: "hooks",
      reason: expect.stringContaining('Cursor "archive" has not passed'),
    })

    // Nothing comes in any more, as a balancer sees to. The sink makes room.
    const server = createServer((request, response) => request.resume().on("end", () => response.end()))
    onTestFinished(() => void server.close())
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done))
    await until(async () => (await ready()).status === 200)
    expect(await send()).toBe(202)
    expect(await relay.end()).toBe(0)
    expect(relay.log.filter(({ msg }) => msg === "Events could not be stored")).toHaveLength(1)
  })

  it.runIf(mayMount)("is not ready, and says so once, while the disk is full", async () => {
    const folder = temporaryFolder()
    const disk = join(folder, "disk")
    mkdirSync(disk)
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", disk]).status).toBe(0)
    onTestFinished(() => void spawnSync("umount", ["-l", disk]))
    const relay = await RelayProcess.start(folder, basic.replace("./data", "./disk/data"))
    const ready = async () => (await fetch(`${relay.url}/readyz`)).text()
    writeFileSync(join(disk, "other"), Buffer.alloc(2 << 20))
    let number = 0
    const send = async () => (await relay.github(JSON.stringify("x".repeat(100_000)), `d${number++}`)).status
    while ((await send()) === 202);
    for (let i = 0; i < 20; i++) expect(await send()).toBe(503)
    expect(await ready()).toBe("The store cannot be written\n")
    rmSync(join(disk, "other"))
    await until(async () => (await ready()) === "ready\n")
    expect(await send()).toBe(202)
    expect(await relay.end()).toBe(0)
    expect(relay.log.filter(({ msg }) => msg === "Events could not be stored")).toMatchObject([
      { source: "hooks", reason: expect.stringContaining("is full (ENOSPC). Free some space") },
    ])
  })
})
