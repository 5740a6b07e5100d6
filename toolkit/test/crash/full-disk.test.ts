// Relays and responders that were killed, and are started again while a disk is full.

import { once } from "node:events"
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readEntries } from "ohmq-toolkit/audit"
import { expect, it } from "vitest"
import { mayMount } from "../mounted.js"
import { SmallDisk } from "../relay/small-disk.js"
import { basic, linesOf, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { configWith, token, user } from "../respond/support.js"

it.runIf(mayMount)("A full disk of an audit log holds up no other sink when a relay starts", async () => {
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
})

it.runIf(mayMount)(
  "A responder takes alerts while the disk of its audit log is full, and acts on them once there is room",
  async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o777)
    const done = join(folder, "done")
    const disk = new SmallDisk(join(folder, "disk"), 4)
    const config = configWith(`
actions:
  act:
    type: exec
    ${user.replace(/, $/, "")}
    command: [sh, -c, 'echo "begin $1" >> done; sleep 4; echo "end $1" >> done', sh, "{name}"]
    parameters: { name: text }
    undo: { ${user}command: [sh, -c, 'echo "undo $1" >> done', sh, "{name}"] }
rules:
  - { name: all, when: "true", do: act, with: { name: data.name }, expires: 1s }
`).replace("audit: { path: ./audit }", "audit: { path: ./disk/audit }")
    const alert = async (responder: RelayProcess, name: string) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
      const body = JSON.stringify({ name })
      return (await fetch(`${responder.url}/alerts`, { method: "POST", headers, body })).status
    }
    const actions = () => (existsSync(done) ? readFileSync(done, "utf8").trim().split("\n") : [])
    const first = await RelayProcess.start(folder, config, "respond")
    expect(await alert(first, "a")).toBe(202)
    await until(() => actions().length === 1)
    await first.end("SIGKILL")

    const free = await disk.fill()
    const again = await RelayProcess.start(folder, undefined, "respond")
    await again.logged("The audit log cannot be written yet: alerts wait, and nothing is decided or done")
    expect(await alert(again, "b")).toBe(202)
    await until(async () => ((await again.metric("ohmq_respond_unrecorded_total")) ?? 0) > 3)
    // Neither what the new alert asks for, nor what takes back the action that was cut off.
    expect(actions()).toEqual(["begin a"])
    await free()
    await again.logged("The audit log can be written: the responder decides what has waited")
    await until(() => actions().length === 5)
    expect(actions().sort()).toEqual(["begin a", "begin b", "end b", "undo a", "undo b"])
    expect(await again.end()).toBe(0)
  },
)

it.runIf(mayMount)(
  "A responder ends with 1 if its audit log is damaged, also if it has waited for room on the disk",
  { timeout: 60_000 },
  async () => {
    const folder = temporaryFolder()
    const disk = new SmallDisk(join(folder, "disk"), 4)
    const config = configWith(`
actions:
  act: { type: exec, ${user}command: [echo, hi] }
rules:
  - { name: all, when: "true", do: act }
`).replace("audit: { path: ./audit }", "audit: { path: ./disk/audit }")
    const free = await disk.fill()
    const responder = await RelayProcess.start(folder, config, "respond")
    await responder.logged("The audit log cannot be written yet: alerts wait, and nothing is decided or done")
    // There is room now, but the log that is there is none.
    const exited = once(responder.child, "exit")
    mkdirSync(join(folder, "other"))
    writeFileSync(join(folder, "other/head"), "{}")
    rmSync(join(folder, "disk/audit"), { recursive: true, force: true })
    symlinkSync(join(folder, "other"), join(folder, "disk/audit"))
    await free()
    expect(await exited).toEqual([1, null])
    const said = responder.log.map(({ msg }) => msg)
    expect(said).toContain("The responder cannot decide: alerts wait until it is started again")
    expect(said).toContain("The responder has stopped")
  },
)
