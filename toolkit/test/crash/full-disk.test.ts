// A relay that was killed, and is started again while a disk is full.

import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { readEntries } from "ohmq-toolkit/audit"
import { expect, it } from "vitest"
import { mayMount } from "../mounted.js"
import { SmallDisk } from "../relay/small-disk.js"
import { basic, linesOf, RelayProcess, temporaryFolder, until } from "../relay/support.js"

it.runIf(mayMount)(
  "A full disk of an audit log holds up no other sink when a relay starts",
  {
    timeout: 60_000,
  },
  async () => {
    const folder = temporaryFolder()
    const disk = new SmallDisk(join(folder, "disk"), 4)
    const archive = join(folder, "events.ndjson")
    const config = basic
      .replace("to: [archive]", "to: [archive, trail]")
      .replace(
        /$/,
        "  trail: { type: audit, path: ./disk/trail, name: example.com/trail, delivery: { retryMin: 20ms, retryMax: 100ms } }\n",
      )
    const first = await RelayProcess.start(folder, config)
    await first.github("{}", "a")
    await until(async () => (await first.metric('ohmq_relay_sink_lag_events{sink="trail"}')) === 0)
    await first.end("SIGKILL")

    const free = await disk.fill()
    const again = await RelayProcess.start(folder)
    expect((await again.github("{}", "b")).status).toBe(202)
    await until(() => existsSync(archive) && linesOf(archive).length === 2)
    await again.logged("The audit log cannot be opened yet")
    expect(await again.metric('ohmq_relay_sink_lag_events{sink="trail"}')).toBe(1)
    await free()
    await until(async () => (await again.metric('ohmq_relay_sink_lag_events{sink="trail"}')) === 0)
    expect(await again.end()).toBe(0)
    const path = join(folder, "disk/trail")
    const keys = [readFileSync(join(path, "key.pub"), "utf8").trim()]
    const ids = [...readEntries(path, { keys })].map(({ entry }) => JSON.parse(String(entry)).event?.id)
    expect(ids.filter((id) => id !== undefined)).toEqual(["a", "b"])
  },
)
