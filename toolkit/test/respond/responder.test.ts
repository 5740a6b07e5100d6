import { once } from "node:events"
import { readFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { AuditError } from "ohmq-toolkit/audit"
import { ApprovalError } from "ohmq-toolkit/respond"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "../relay/support.js"
import { configWith, endsOf, ForwardClock, startResponder, user } from "./support.js"

const block = (rest = "", undo = `undo: { ${user}command: [echo, unblock, "{ip}"] }`) => `
actions:
  block: { type: exec, ${user}command: [echo, block, "{ip}"], parameters: { ip: ip }, ${undo} }
rules:
  - { name: scan, when: data.scan, do: block, with: { ip: data.ip }${rest} }
`

const exec = (command: string, rest = "", rule = "") => `
actions:
  act: { type: exec, ${user}command: ${command}, ${rest} }
rules:
  - { name: all, when: "true", do: act${rule} }
`

describe("A responder", () => {
  it("runs an action, and has each step in the audit log", async () => {
    const { alert, reached, entries, metric } = await startResponder(configWith(block()))
    expect(await alert({ scan: true, ip: "198.51.100.7" })).toBe(202)
    expect(await reached("ended")).toMatchObject([
      { rule: "scan", outcome: "done", parameters: { ip: "198.51.100.7" } },
    ])
    const [decided, started, finished, ...more] = await entries()
    expect(more).toEqual([])
    const { id } = decided ?? {}
    expect(decided).toMatchObject({
      type: "response.decided",
      rule: "scan",
      decision: "run",
      command: ["echo", "block", "198.51.100.7"],
      event: { type: "alert.fired", source: "/webhook/alerts" },
    })
    expect(started).toMatchObject({ type: "response.started", id, run: "action", attempt: 1 })
    expect(started?.command).toEqual(["echo", "block", "198.51.100.7"])
    expect(finished).toMatchObject({
      type: "response.finished",
      id,
      outcome: "done",
      code: 0,
      output: { bytes: 19, text: "block 198.51.100.7\n" },
    })
    expect(await metric('ohmq_respond_outcomes_total{action="block",run="action",outcome="done"}')).toBe(1)
  })

  it("leaves alone what meets no rule, or cannot be decided", async () => {
    const { alert, reached, entries, metric } = await startResponder(configWith(block()))
    await alert({ scan: false, ip: "198.51.100.1" })
    await alert({ ip: "198.51.100.2" })
    await alert({ scan: true, ip: "198.51.100.3" })
    await reached("ended")
    expect((await entries()).filter(({ type }) => type === "response.decided")).toMatchObject([
      { parameters: { ip: "198.51.100.3" } },
    ])
    expect(await metric('ohmq_respond_undecided_total{rule="scan"}')).toBe(1)
  })

  it.each([
    [
      "fails with another exit code than 0",
      '[sh, -c, "echo no; exit 3"]',
      "",
      { outcome: "failed", code: 3, reason: "It ended with 3" },
    ],
    [
      "fails if there is no such program",
      "[/no/such/program]",
      "",
      { outcome: "failed", reason: "Cannot run /no/such/program: ENOENT" },
    ],
    ["times out", "[sleep, '60']", "timeout: 200ms", { outcome: "timed out", reason: "It did not end within 0.2 s" }],
    [
      "ends a program that prints too much",
      "[yes]",
      "output: 1MiB",
      { outcome: "failed", isPartial: true, reason: "It printed more than 1048576 bytes" },
    ],
  ])("%s", async (_, command, rest, expected) => {
    const { alert, reached, recorded } = await startResponder(configWith(exec(command, rest)))
    await alert({})
    await reached("ended")
    expect((await recorded("response.finished"))[0]).toMatchObject(expected)
  })

  it("ends what a program has started, and does not wait for what holds its output", async () => {
    const { alert, reached } = await startResponder(
      configWith(exec(`[sh, -c, "sleep 300 & setsid sh -c 'sleep 2' & echo $! > /dev/null; exit 0"]`)),
    )
    const begun = Date.now()
    await alert({})
    await reached("ended")
    expect(Date.now() - begun).toBeLessThan(1900)
  })

  it("gives a program the environment that is listed, and nothing else", async () => {
    process.env.ACTION_TOKEN = "s3cret"
    const { alert, recorded } = await startResponder(
      configWith(exec("[/usr/bin/env]", "env: { A: fixed, B: env:ACTION_TOKEN }")),
    )
    await alert({})
    const [finished] = await recorded("response.finished")
    expect(finished?.output).toMatchObject({ text: "A=fixed\nB=s3cret\n" })
  })

  it("undoes what has expired", async () => {
    const { alert, reached, entries, clock } = await startResponder(configWith(block(", expires: 1h")))
    await alert({ scan: true, ip: "198.51.100.7" })
    const [active] = await reached("active")
    expect((active?.undoAt ?? 0) - clock.now()).toBeGreaterThan(3590_000)
    clock.forward(3600_000)
    await reached("ended")
    expect(endsOf(await entries())).toEqual(["action done", "undo done"])
    expect((await entries()).filter(({ type }) => type === "response.started").map(({ command }) => command)).toEqual([
      ["echo", "block", "198.51.100.7"],
      ["echo", "unblock", "198.51.100.7"],
    ])
  })

  it("undoes what has expired while it did not run", async () => {
    const folder = temporaryFolder()
    const clock = new ForwardClock()
    const first = await startResponder(configWith(block(", expires: 1h")), { folder, clock })
    await first.alert({ scan: true, ip: "198.51.100.7" })
    await first.reached("active")
    await first.stop()
    clock.forward(7200_000)
    const second = await startResponder(configWith(block(", expires: 1h")), { folder, clock })
    await second.reached("ended")
    expect(endsOf(await second.entries())).toEqual(["action done", "undo done"])
  })

  it("keeps what a later response keeps", async () => {
    const { alert, reached, entries, clock } = await startResponder(configWith(block(", expires: 1h")))
    await alert({ scan: true, ip: "198.51.100.7" })
    await reached("active")
    clock.forward(1800_000)
    await alert({ scan: true, ip: "198.51.100.7" })
    await reached("active", 2)
    clock.forward(1801_000)
    await reached("ended")
    expect(endsOf(await entries())).toEqual(["action done", "action done", "undo superseded"])
    clock.forward(1801_000)
    await reached("ended", 2)
    expect(endsOf(await entries())).toEqual(["action done", "action done", "undo superseded", "undo done"])
  })

  it("tries again to undo what could not be undone", async () => {
    const folder = temporaryFolder()
    const undo = `undo: { ${user}command: [sh, -c, "test -e ${folder}/ready"] }`
    const { alert, reached, recorded, clock } = await startResponder(configWith(block(", expires: 1s", undo)))
    await alert({ scan: true, ip: "198.51.100.7" })
    await reached("active")
    clock.forward(1000)
    expect(endsOf(await recorded("response.finished", 2))).toEqual(["action done", "undo failed"])
    clock.forward(60_000)
    const ends = await recorded("response.finished", 3)
    expect(endsOf(ends)).toEqual(["action done", "undo failed", "undo failed"])
    const [, , again] = ends
    expect((again?.undoAt as number) - Date.parse(again?.time ?? "")).toBe(120_000)
  })

  it("begins nothing that it cannot record", async () => {
    const { lines, openTrail, disk } = fullDisk()
    const folder = temporaryFolder()
    const marker = join(folder, "done")
    const config = configWith(`
actions:
  act: { type: exec, ${process.getuid?.() === 0 ? "root: true, " : ""}command: [touch, ${marker}] }
rules:
  - { name: all, when: "true", do: act }
`)
    const { alert, responder, log, reached } = await startResponder(config, { openTrail, folder })
    expect(await alert({})).toBe(202)
    await expect.poll(() => log.some(({ msg }) => String(msg).includes("sink"))).toBe(true)
    expect(() => readFileSync(marker)).toThrow()
    expect(responder.list()).toEqual([])
    disk.isFull = false
    await reached("ended")
    readFileSync(marker)
    expect(lines.map((line) => JSON.parse(line).type)).toEqual([
      "response.decided",
      "response.started",
      "response.finished",
    ])
  })

  it("takes alerts while the audit log cannot be opened for want of room, and does nothing until it can be", async () => {
    const { openTrail, disk } = fullDisk()
    const open = async () => {
      if (disk.isFull) throw new AuditError("DISK_FULL", "The disk is full")
      return openTrail()
    }
    const config = configWith(exec("[echo, hi]", "idempotent: true"))
    const { alert, responder, log, metric, reached } = await startResponder(config, { openTrail: open })
    expect(log.map(({ msg }) => msg)).toContain(
      "The audit log cannot be written yet: alerts wait, and nothing is decided or done",
    )
    expect(await alert({})).toBe(202)
    expect(() => responder.list()).toThrow("The audit log cannot be opened yet")
    await expect(responder.approve("x", "alice")).rejects.toThrow(ApprovalError)
    await expect.poll(() => metric("ohmq_respond_unrecorded_total"), { timeout: 5000 }).toBeGreaterThan(1)
    // Also with other rules meanwhile.
    await responder.reload()
    disk.isFull = false
    await expect.poll(() => log.some(({ msg }) => String(msg).startsWith("The audit log can be written"))).toBe(true)
    await reached("ended")
    expect(responder.list()).toMatchObject([{ rule: "all", outcome: "done" }])
  })

  it.each([
    ["an action that was cut off", true, "The responder ended while this ran: nobody knows how it went"],
    ["another store", false, "The store is not the one that the responder had last: its events are decided about anew"],
  ])("says once that it has found %s, when it can record that", async (_, isSameStore, message) => {
    const { openTrail, disk } = fullDisk()
    disk.isFull = false
    const config = configWith(exec('[sleep, "60"]'))
    const first = await startResponder(config, { openTrail })
    await first.alert({})
    await first.reached("running")
    disk.isFull = true
    await first.stop(0)
    const again = await startResponder(config, { openTrail, ...(isSameStore && { folder: first.folder }) })
    const said = () => again.log.filter(({ msg }) => msg === message)
    await expect.poll(() => again.metric("ohmq_respond_unrecorded_total"), { timeout: 9000 }).toBeGreaterThan(2)
    expect(said()).toEqual([])
    disk.isFull = false
    await expect
      .poll(() => again.log.some(({ msg }) => String(msg).startsWith("The audit log can be written")))
      .toBe(true)
    expect(said()).toHaveLength(1)
  })

  it("says what else keeps it from acting once there is room, and goes on when that is over", async () => {
    const { openTrail, disk } = fullDisk()
    const open = async () => {
      if (disk.isFull) throw new AuditError("DISK_FULL", "The disk is full")
      return openTrail()
    }
    const other = createServer().listen(0, "127.0.0.1")
    await once(other, "listening")
    const { port } = other.address() as AddressInfo
    const config = configWith(`
actions:
  tell: { type: publish, socket: pub, bind: "tcp://127.0.0.1:${port}" }
rules:
  - { name: all, when: "true", do: tell }
`)
    const { alert, responder, log, metric, reached } = await startResponder(config, { openTrail: open })
    const said = (text: string) => log.filter(({ msg }) => String(msg).startsWith(text))
    disk.isFull = false
    await expect.poll(() => said("An action cannot be started yet"), { timeout: 5000 }).toHaveLength(1)
    const unrecorded = await metric("ohmq_respond_unrecorded_total")
    expect(said("An action cannot be started yet")).toMatchObject([
      { reason: expect.stringMatching(/^Cannot start action tell: .*in use/) },
    ])
    expect(await alert({})).toBe(202)
    // Also after a reload that changes nothing about it.
    await expect(responder.reload()).rejects.toThrow("Cannot start action tell")
    await setTimeout(2500)
    other.close()
    await reached("ended")
    expect(responder.list()).toMatchObject([{ rule: "all", outcome: "done" }])
    expect(said("An action cannot be started yet")).toHaveLength(1)
    expect(said("The audit log cannot be written yet")).toHaveLength(1)
    expect(await metric("ohmq_respond_unrecorded_total")).toBe(unrecorded)
  })

  it("fails if the audit log turns out to be damaged once there is room", async () => {
    const disk = { isFull: true }
    const open = () =>
      Promise.reject(
        disk.isFull ? new AuditError("DISK_FULL", "The disk is full") : new AuditError("DAMAGED", "A tile is damaged"),
      )
    const { alert, responder, log } = await startResponder(configWith(exec("[echo, hi]")), { openTrail: open })
    expect(await alert({})).toBe(202)
    disk.isFull = false
    expect(await responder.failed).toMatchObject({ code: "DAMAGED" })
    expect(log).toContainEqual(
      expect.objectContaining({
        reason: "A tile is damaged",
        msg: "The responder cannot decide: alerts wait until it is started again",
      }),
    )
  })

  it("ends at once while it waits for room in its audit log", async () => {
    const open = () => Promise.reject(new AuditError("DISK_FULL", "The disk is full"))
    const { stop } = await startResponder(configWith(exec("[echo, hi]")), { openTrail: open })
    const began = performance.now()
    await stop()
    expect(performance.now() - began).toBeLessThan(4000)
  })

  it("does not start if the audit log cannot be opened for another reason", async () => {
    const open = () => Promise.reject(new AuditError("LOCKED", "It is in use"))
    await expect(startResponder(configWith(exec("[echo, hi]")), { openTrail: open })).rejects.toThrow("It is in use")
  })
})

/** An audit log in memory, on a disk that is full at first. */
function fullDisk() {
  const disk = { isFull: true }
  const lines: string[] = []
  const openTrail = async () => ({
    get size() {
      return lines.length
    },
    append: async (entry: string) => {
      if (disk.isFull) throw new AuditError("DISK_FULL", "The disk is full")
      return { index: lines.push(entry) - 1 }
    },
    async *entries(from: number) {
      yield* lines.slice(from)
    },
    covered: async () => {},
    close: async () => {},
  })
  return { disk, lines, openTrail }
}
