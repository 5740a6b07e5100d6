import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { linesOf, ohmq, RelayProcess, until } from "../../relay/support.js"
import { Page } from "./page.js"

/** A port that leads to another one, and all bytes that pass. */
async function wiretap(port: string) {
  const heard: Buffer[] = []
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(Number(port), "127.0.0.1")
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (bytes) => heard.push(bytes)).on("error", () => to.destroy())
      from.pipe(to)
      sockets.push(from)
    }
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: String((server.address() as AddressInfo).port), heard: () => Buffer.concat(heard).toString("latin1") }
}

/** The text of all files below a folder. */
const textBelow = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n")

const secrets = ["Lovelace", "1980-02-03", "123-45-6789", "HbA1c"]

describe("docs/use-cases/health.md", { timeout: 180_000 }, () => {
  it("lets research have what it needs, encrypts what is sent, records who sent what, and lets in no other key", async () => {
    const page = await Page.open("health")
    expect(page.files).toEqual([
      "hospital/relay.yaml",
      "research/relay.yaml",
      "hospital/relay.test.yaml",
      "hospital/lab.mjs",
    ])
    expect(page.lint()).toEqual([])
    const [hospital, research] = [join(page.folder, "hospital"), join(page.folder, "research")]
    expect(await page.run(page.commands[0] ?? "")).toMatch(/^ok .*\nok .*\n2 tests, all passed\n$/m)
    for (const folder of [hospital, research]) expect(ohmq(folder, "relay", "check").status).toBe(0)

    // The laboratory and the hospital connect by way of somebody who listens.
    const tapped = async (file: string) => {
      const text = readFileSync(file, "utf8")
      const [, port = ""] = /connect(?:: |\()"tcp:\/\/127\.0\.0\.1:(\d+)"/.exec(text) ?? []
      const tap = await wiretap(port)
      writeFileSync(file, text.replace(new RegExp(`(connect(?:: |\\()"tcp://127.0.0.1:)${port}`), `$1${tap.port}`))
      return tap
    }
    const taps = [await tapped(join(hospital, "lab.mjs")), await tapped(join(hospital, "relay.yaml"))]
    const relays = [await RelayProcess.start(research), await RelayProcess.start(hospital)]
    expect(await page.run("cd hospital; node lab.mjs")).toBe("stored result-1\n")

    await until(() => linesOf(join(research, "study.ndjson")).length === 1)
    const [studied] = linesOf(join(research, "study.ndjson"))
    expect(studied).toMatchObject({ id: "result-1", ohmqsender: "hospital" })
    expect(JSON.stringify(studied?.data)).toBe(
      '{"patient":{"id":"[redacted]","sex":"F","consent":true},"test":"HbA1c","value":5.4}',
    )
    await until(() => linesOf(join(hospital, "records.ndjson")).length === 1)
    expect(linesOf(join(hospital, "records.ndjson"))[0]).toMatchObject({ data: { patient: { name: "Ada Lovelace" } } })

    // What the others have: nothing about the patient, except in research, what its route lets out.
    const below = textBelow(research)
    expect(secrets.filter((secret) => below.includes(secret))).toEqual(["HbA1c"])
    for (const tap of taps) {
      expect(tap.heard().length).toBeGreaterThan(500)
      expect(secrets.filter((secret) => tap.heard().includes(secret))).toEqual([])
    }
    // What the page says of the disk.
    expect(textBelow(join(hospital, "data"))).toContain("Ada Lovelace")

    const entries = () => page.run("cd hospital; npx ohmq audit export trail")
    await until(async () => (await entries()).includes("result-1"))
    const recorded = await entries()
    expect(recorded).toContain('"ohmqsender":"lab-7"')
    expect(secrets.filter((secret) => recorded.includes(secret))).toEqual(["HbA1c"])
    expect(await page.run("cd hospital; npx ohmq audit verify trail --key trail.pub")).toContain("intact")

    // A program with a key of its own making.
    mkdirSync(join(page.folder, "stranger"))
    for (const file of ["lab.mjs", "hospital.key"]) cpSync(join(hospital, file), join(page.folder, "stranger", file))
    await page.run("cd stranger; npx ohmq keys certificate lab-7.key name=lab-7")
    await expect(page.run("cd stranger; node lab.mjs")).rejects.toThrow("EAGAIN")
    await relays[1]?.logged("A peer was not let in")
    for (const relay of relays) expect(await relay.end()).toBe(0)
    expect(linesOf(join(hospital, "records.ndjson"))).toHaveLength(1)
  })
})
