// docs/use-cases/aviation.md, with rsyslog and a network that lets nothing back. The other pages are in test/cli/use-cases.

import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { Page } from "../cli/use-cases/page.js"
import { linesOf, ohmq, RelayProcess, until } from "../relay/support.js"
import { rsyslogd } from "./daemons.js"
import { oneWayNetwork } from "./one-way-network.js"

type Position = { subject: string; sequence: string; data: { altitude: number } }

/** A port that leads to another one, and what cuts the connections. */
async function cable(port: number) {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1")
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on("error", () => {}).on("close", () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, cut }
}

describe("docs/use-cases/aviation.md", { timeout: 180_000 }, () => {
  it("shows displays the newest, counts what the recorder has missed, and tells the SIEM everything", async () => {
    const page = await Page.open("aviation")
    expect(page.files).toEqual([
      ...["feed.mjs", "display.mjs", "relay.yaml", "rsyslog.conf", "out.mjs", "inside/in.mjs", "inside/relay.yaml"],
    ])
    expect(page.lint()).toEqual([])
    for (const folder of ["", "inside"])
      expect(ohmq(join(page.folder, folder), "relay", "check")).toMatchObject({ status: 0, stderr: "" })
    const log = join(page.folder, "siem.log")
    const config = page.read("rsyslog.conf").replace("siem.log", log)
    await rsyslogd(config, Number(/port="(\d+)"/.exec(config)?.[1]))

    // The network between the station and the relay can be cut.
    const text = page.read("relay.yaml")
    const port = Number(/connect: "tcp:\/\/127\.0\.0\.1:(\d+)", format/.exec(text)?.[1])
    const network = await cable(port)
    writeFileSync(join(page.folder, "relay.yaml"), text.replace(`:${port}"`, `:${network.port}"`))
    const relay = await RelayProcess.start(page.folder)
    const feed = page.start("feed.mjs")
    const display = page.start("display.mjs")

    const positions = () => linesOf(join(page.folder, "positions.ndjson")) as unknown as Position[]
    await until(() => positions().length >= 40)
    const gaps = 'ohmq_relay_events_refused_total{source="telemetry",reason="gap"}'
    expect(await relay.metric(gaps)).toBeUndefined()
    network.cut()
    await until(async () => ((await relay.metric(gaps)) ?? 0) > 0)
    const seen = positions().length
    await until(() => positions().length >= seen + 40)

    // A display that shows each picture would be eight behind after the first second, and more with each one.
    await display.until(() => display.lines.length >= 8)
    const drawn = display.lines.map((line) => /^picture (\d+), -?\d+ ms old, (\d+) skipped: N123 at \d+ m$/.exec(line))
    const skipped = drawn.map((line) => Number(line?.[2]))
    expect(Math.min(...skipped.slice(1))).toBeGreaterThanOrEqual(1)
    expect(Number(drawn.at(-1)?.[1]) - Number(drawn[0]?.[1])).toBeGreaterThan(4 * drawn.length)

    await feed.end()
    expect(await relay.end()).toBe(0)
    const all = positions()
    let missing = 0
    for (const aircraft of ["N123", "N456"]) {
      const numbers = all.filter(({ subject }) => subject === aircraft).map(({ sequence }) => Number(sequence))
      missing += Number(numbers.at(-1)) - Number(numbers[0]) + 1 - numbers.length
    }
    const logged = relay.log.filter(({ reason }) => reason === "gap")
    expect(logged.length).toBeGreaterThan(0)
    expect(missing).toBeGreaterThan(0)
    // What the archive has, the SIEM has.
    await until(() => existsSync(log) && readFileSync(log, "utf8").split("\n").length > all.length)
    expect(readFileSync(log, "utf8").match(/"telemetry.position"/g)?.length).toBe(all.length)
  })

  it("records each position on the other side once, and raises an alarm for those that are missing", async () => {
    const page = await Page.open("aviation")
    await page.run(page.commands.at(-1) ?? "")
    page.start("feed.mjs")
    const relay = await RelayProcess.start(join(page.folder, "inside"))
    const inside = (file: string) => linesOf(join(page.folder, "inside", file))
    const sender = page.start("out.mjs")
    await until(() => inside("positions.ndjson").length >= 40)
    await sender.end()
    const before = inside("positions.ndjson").length
    page.start("out.mjs")
    await until(() => inside("positions.ndjson").length >= before + 20)
    await until(() => inside("gaps.ndjson").length >= 2)
    expect(await relay.end()).toBe(0)

    const records = inside("positions.ndjson").map(({ data }) => data as { aircraft: string; number: number })
    expect(new Set(records.map(({ aircraft, number }) => `${aircraft} ${number}`)).size).toBe(records.length)
    for (const { type, data } of inside("gaps.ndjson")) {
      expect(type).toBe("telemetry.gap")
      const { aircraft, number, missing } = data as { aircraft: string; number: number; missing: number }
      const there = records.filter((one) => one.aircraft === aircraft).map((one) => one.number)
      expect(missing).toBe(number - Math.max(...there.filter((one) => one < number)) - 1)
      expect(missing).toBeGreaterThan(0)
    }
  })

  it("brings records through a network that lets nothing back, where a SUB gets nothing", async () => {
    const page = await Page.open("aviation")
    await page.run(page.commands.at(-1) ?? "")
    const { outside, inside, close } = await oneWayNetwork()
    for (const [file, pattern] of [
      ["feed.mjs", /"tcp:\/\/127\.0\.0\.1(:\d+)"/],
      ["out.mjs", /"tcp:\/\/127\.0\.0\.1(:\d+)"/],
    ] as const)
      writeFileSync(join(page.folder, file), page.read(file).replace(pattern, '"tcp://10.79.0.1$1"'))
    const station = /tcp:\/\/10[\d.:]+/.exec(page.read("feed.mjs"))?.[0] ?? ""
    writeFileSync(
      join(page.folder, "listen.mjs"),
      `import { Subscriber } from "ohmq"
const subscriber = new Subscriber({ connect: "${station}", subscribe: "", connectTimeout: 500 })
subscriber.events.on("handshake", () => console.log("connected"))
console.log("listens")
for await (const [aircraft] of subscriber) console.log(String(aircraft))`,
    )
    page.startIn(outside, "feed.mjs")
    const before = page.startIn(inside, "listen.mjs")
    await before.line(/^N123$/)
    await before.end("SIGKILL")

    close()
    const cutOff = page.startIn(inside, "listen.mjs")
    await cutOff.line(/^listens$/)
    const receiver = page.startIn(inside, "inside/in.mjs", ["udp://10.79.0.2:5644"])
    page.startIn(outside, "out.mjs", ["udp://10.79.0.2:5644"])
    const records = () =>
      receiver.lines.map((line) => JSON.parse(line) as { aircraft: string; number: number; missing: number })
    await receiver.until(() => receiver.lines.length >= 100)
    // Each once, although each was sent twice.
    const ofOne = records().filter(({ aircraft }) => aircraft === "N123")
    expect(new Set(ofOne.map(({ number }) => number)).size).toBe(ofOne.length)
    for (const [index, { number, missing }] of ofOne.entries())
      if (index > 0) expect(number - Number(ofOne[index - 1]?.number) - 1).toBe(missing)
    expect(cutOff.lines).toEqual(["listens"])
  })
})
