import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import process from "node:process"
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

/** What is missing here for a file system of gocryptfs, if anything. */
function missingForFuse(): string | undefined {
  if (process.platform !== "linux") return `gocryptfs is tried on Linux only, and this is ${process.platform}`
  for (const [program, name] of [
    ["gocryptfs", "gocryptfs"],
    ["fusermount", "fuse3"],
    ["mountpoint", "util-linux"],
  ] as const)
    if (spawnSync(program, ["--version"]).error) return `there is no ${program} (Debian's package ${name})`
  if (!existsSync("/dev/fuse"))
    return "there is no /dev/fuse: in a container, it has to be passed on, with the right to mount"
  return undefined
}

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

  it("has nothing that can be read on the disk, with the encrypted file system of the page", async ({ skip }) => {
    const missing = missingForFuse()
    if (missing !== undefined) {
      // Where root runs what each commit must pass, it has to be there.
      if (process.env.CI && process.getuid?.() === 0)
        throw new Error(`The test of encryption at rest cannot run: ${missing}`)
      process.stderr.write(`Skipped, the test of encryption at rest: ${missing}\n`)
      skip(missing)
    }
    const page = await Page.open("health")
    const hospital = join(page.folder, "hospital")
    await page.run(page.commands[0] ?? "")
    const key = join(page.folder, "disk.key")
    writeFileSync(key, "a password of a test\n", { mode: 0o600 })
    const seal = page.commands.find((text) => text.includes("gocryptfs -init")) ?? ""
    // The test starts the relay itself.
    const upToStart = seal.replace(/ && npx ohmq relay run.*$/m, "")
    expect(upToStart).toMatch(/^mountpoint -q disk$/m)
    // Runs before the folder is removed.
    onTestFinished(() => void spawnSync("fusermount", ["-u", "-z", join(hospital, "disk")]))
    await page.run(`DISK_KEY="${key}"\n${upToStart}`)
    expect(ohmq(hospital, "relay", "check").status).toBe(0)

    const relay = await RelayProcess.start(hospital)
    expect(await page.run("cd hospital; node lab.mjs")).toBe("stored result-1\n")
    const disk = join(hospital, "disk")
    await until(() => existsSync(join(disk, "records.ndjson")) && linesOf(join(disk, "records.ndjson")).length === 1)
    const recorded = "cd hospital; npx ohmq audit export disk/trail"
    await until(async () => (await page.run(recorded)).includes("result-1"))
    // The relay reads what it has written, and everything is in the mounted folder.
    expect(secrets.filter((secret) => !textBelow(join(disk, "data")).includes(secret))).toEqual([])
    expect(readdirSync(disk).sort()).toEqual(["data", "records.ndjson", "trail"])
    for (const name of ["data", "records.ndjson", "trail"]) expect(existsSync(join(hospital, name)), name).toBe(false)
    // On the disk, there is as much, and none of it in plain.
    const raw = textBelow(join(hospital, "sealed"))
    expect(raw.length).toBeGreaterThan(textBelow(disk).length)
    expect(["Lovelace", "lab-7", "result-1", ...secrets].filter((secret) => raw.includes(secret))).toEqual([])
    expect(readdirSync(join(hospital, "sealed"))).not.toContain("records.ndjson")

    // It is there again after the relay was killed, and the file system unmounted and mounted.
    await relay.end("SIGKILL")
    expect(spawnSync("fusermount", ["-u", disk]).status).toBe(0)
    expect(readdirSync(disk)).toEqual([])
    await expect(page.run("cd hospital; mountpoint -q disk")).rejects.toThrow()
    await page.run(`cd hospital; gocryptfs -q -passfile "${key}" sealed disk`)
    const again = await RelayProcess.start(hospital)
    expect(ohmq(hospital, "relay", "reconcile")).toMatchObject({ status: 0 })
    expect(await again.end()).toBe(0)
    expect(await page.run("cd hospital; npx ohmq audit verify disk/trail --key trail.pub")).toContain("intact")
  })
})
