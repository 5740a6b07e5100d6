// `ohmq store`, by the real command.

import { spawnSync } from "node:child_process"
import { openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs"
import { join, resolve } from "node:path"
import { openStore } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { basic, ohmq, RelayProcess, temporaryFolder } from "../relay/support.js"

/** A store with events in several files. `c` has passed the first 40. */
async function filled(): Promise<string> {
  const folder = join(temporaryFolder(), "data")
  const store = await openStore(folder, { segmentBytes: 10_000, retention: 3_600_000 })
  await store.addCursor("c")
  for (let i = 1; i <= 50; i++) await store.append([{ frames: [Buffer.from(String(i)), Buffer.alloc(1000, i)] }])
  await store.commit("c", 40)
  await store.close()
  return folder
}

/** Changes a byte of an event in the first file. */
function damage(folder: string): string {
  const [name = ""] = readdirSync(join(folder, "log")).filter((one) => one.endsWith(".seg"))
  writeSync(openSync(join(folder, "log", name), "r+"), "x", 5000)
  return name
}

const run = (...args: string[]) => ohmq(temporaryFolder(), "store", ...args)

describe("ohmq store", () => {
  it("explains itself and each command", () => {
    const { stdout } = run("--help")
    for (const name of ["check", "backup", "compact", "repair"]) {
      expect(stdout).toContain(`\n  ${name} FOLDER`)
      expect(run(name, "--help").stdout).toMatch(
        new RegExp(`^Usage: ohmq store ${name} FOLDER.*\\n\\n.+\\.\\n\\n.+\\.\\n$`, "s"),
      )
    }
    expect(ohmq(temporaryFolder(), "help", "store").stdout).toBe(stdout)
  })

  it.each([
    [["chek", "x"], 'Unknown command "chek". Did you mean "check"?'],
    [["check"], "Expected FOLDER"],
    [["backup", "x"], "Expected TO"],
    [["check", "x", "y"], 'Unexpected argument "y"'],
    [["check", "x", "--output", "jso"], '--output: Unknown value "jso". Did you mean "json"?'],
  ])("refuses %j", (args, message) => {
    expect(run(...args)).toEqual({ status: 2, stdout: "", stderr: `error: ${message}\n` })
  })

  it.each(["check", "compact", "repair"])("%s refuses a folder without a store, and leaves it alone", (name) => {
    const folder = temporaryFolder()
    expect(run(name, folder)).toEqual({ status: 1, stdout: "", stderr: `error: ${folder} is not a store\n` })
    expect(readdirSync(folder)).toEqual([])
    expect(run(name, join(folder, "none")).status).toBe(1)
    expect(readdirSync(folder)).toEqual([])
  })
})

describe("ohmq store check", () => {
  it("says what is in an intact store", async () => {
    const folder = await filled()
    const { status, stdout } = run("check", folder)
    expect(stdout).toMatch(/data: 50 events in \d+ files, \d+\.\d KiB, intact\n$/)
    expect(status).toBe(0)
    const json = run("check", folder, "--output", "json")
    expect(JSON.parse(json.stdout)).toMatchObject({ folder, intact: true, entries: 50, damage: [] })
  })

  it("lists damage, and exits with 1", async () => {
    const folder = await filled()
    const name = damage(folder)
    const { status, stdout } = run("check", folder)
    expect(status).toBe(1)
    expect(stdout).toMatch(
      new RegExp(
        `damaged\nlog/${name}: entry \\d+ cannot be read: .+ at byte \\d+\nRestore .+: ohmq store repair .+\n$`,
      ),
    )
    const json = run("check", folder, "--output", "json")
    expect(json.status).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ intact: false, damage: [{ file: `log/${name}` }] })
  })

  it("shows its progress on a terminal only", async () => {
    const folder = await filled()
    const command = resolve(import.meta.dirname, "../../../dist/cli/main.js")
    const program = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))"
    const { stdout } = spawnSync("python3", ["-c", program, process.execPath, command, "store", "check", folder], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    })
    expect(stdout).toMatch(/Checking: \d+ % of \d+\.\d KiB/)
    expect(run("check", folder).stderr).toBe("")
  })
})

describe("ohmq store backup", () => {
  it("copies a store, which can be opened", async () => {
    const folder = await filled()
    const to = join(temporaryFolder(), "copy")
    const { status, stdout } = run("backup", folder, to)
    expect(stdout).toMatch(/copy: 50 events in \d+ files, .+, copied and checked\n$/)
    expect(status).toBe(0)
    const copy = await openStore(to)
    expect(copy.stats()).toMatchObject({ last: 50, cursors: { c: { position: 40 } } })
    await copy.close()
    expect(run("backup", folder, to).stderr).toBe(`error: ${to} is not empty. Choose a new folder for the backup\n`)
  })

  it("refuses a damaged store", async () => {
    const folder = await filled()
    damage(folder)
    const { status, stderr } = run("backup", folder, join(temporaryFolder(), "copy"))
    expect(status).toBe(1)
    expect(stderr).toContain("ohmq store repair")
  })
})

describe("ohmq store compact", () => {
  it("frees what all have passed", async () => {
    const folder = await filled()
    const { freed } = JSON.parse(run("compact", folder, "--output", "json").stdout) as { freed: number }
    expect(freed).toBeGreaterThan(30_000)
    expect(JSON.parse(run("check", folder, "--output", "json").stdout).entries).toBeLessThan(20)
    expect(run("compact", folder).stdout).toBe(`${folder}: there was nothing to free\n`)
  })
})

describe("ohmq store repair", () => {
  it("keeps every intact event, and the damaged file", async () => {
    const folder = await filled()
    const name = damage(folder)
    const before = readFileSync(join(folder, "log", name))
    const { status, stdout } = run("repair", folder)
    expect(stdout).toMatch(
      /^log\/.+ cannot be read: .+\n.+data: 49 events in .+, repaired\. The damaged files are in .+\/damaged\n$/,
    )
    expect(status).toBe(0)
    expect(readFileSync(join(folder, "damaged", `log-${name}`))).toEqual(before)
    expect(run("check", folder).status).toBe(0)
    expect(run("repair", folder).stdout).toContain("intact: there was nothing to repair")
  })
})

describe("the notes of deliveries in a relay's store", () => {
  it("are named if they are damaged, and can be repaired", async () => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(folder, basic)
    for (let i = 0; i < 3; i++) await relay.github("{}", `id-${i}`)
    await relay.end()
    const notes = join(folder, "data/deliveries")
    const [name = ""] = readdirSync(join(notes, "log")).filter((one) => one.endsWith(".seg"))
    writeSync(openSync(join(notes, "log", name), "r+"), "x", 150)
    const { status, stderr } = ohmq(folder, "relay", "run")
    expect(status).toBe(1)
    expect(stderr).toContain(`Cannot read the notes of deliveries in ${notes}: Entr`)
    expect(ohmq(folder, "store", "repair", notes).status).toBe(0)
    const repaired = await RelayProcess.start(folder)
    expect(await repaired.end()).toBe(0)
  })
})

describe("while a relay runs", () => {
  it("check, backup and compact work, and repair is refused", async () => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(folder, basic)
    await Promise.all(Array.from({ length: 20 }, (_, i) => relay.github("{}", `id-${i}`)))
    const inFolder = (...args: string[]) => ohmq(folder, "store", ...args)
    expect(inFolder("check", "data").stdout).toContain("data: 20 events in ")
    expect(inFolder("backup", "data", "copy").stdout).toContain("copy: 20 events in ")
    expect(inFolder("compact", "data").stdout).toMatch(/^data: .+ KiB freed\n$/)
    const refused = inFolder("repair", "data")
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain(`data is in use by process ${relay.child.pid}. A store can be open only once`)
    expect((await relay.github("{}", "more")).status).toBe(202)
    expect(await relay.end()).toBe(0)
    // What is restored is a relay's store as before.
    writeFileSync(join(folder, "relay.yaml"), basic.replace("./data", "./copy"))
    const restored = await RelayProcess.start(folder)
    expect(await (await restored.github("{}", "id-3")).json()).toEqual({ stored: 0, duplicates: 1 })
    expect(await restored.end()).toBe(0)
  })
})
