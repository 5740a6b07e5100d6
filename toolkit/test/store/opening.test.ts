import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { openStore } from "ohmq-toolkit/store"
import { describe, expect, it, onTestFinished } from "vitest"
import { ensureFormat } from "../../lib/store/format.js"
import { networkFileSystem } from "../../lib/store/log/file-system.js"
import { event, failure, opened, temporaryFolder } from "./support.js"

const program = fileURLToPath(new URL("programs/holder.mjs", import.meta.url))

async function holder(folder: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [program, folder], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  const [said] = await once(child.stdout, "data")
  return { child, said: String(said).trim() }
}

describe("a store that is open", () => {
  it("cannot be opened again, by this process or another", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    const { code, message } = await failure(openStore(folder))
    expect(code).toBe("LOCKED")
    expect(message).toBe(
      `${folder} is in use by process ${process.pid}. A store can be open only once: stop that process, or choose another folder`,
    )
    expect((await holder(folder)).said).toBe("LOCKED")
    await store.append([event("still works")])
    await store.close()
    expect((await holder(folder)).said).toBe("open")
  })

  it("is free when its process is killed", async () => {
    const folder = temporaryFolder()
    for (let i = 0; i < 3; i++) {
      const { child, said } = await holder(folder)
      expect(said).toBe("open")
      expect(await failure(openStore(folder))).toMatchObject({
        message: expect.stringContaining(`process ${child.pid}`),
      })
      child.kill("SIGKILL")
      await once(child, "exit")
    }
    await opened(folder)
  })

  it("has one owner, however many try at once", async () => {
    const folder = temporaryFolder()
    const { child } = await holder(folder)
    child.kill("SIGKILL")
    await once(child, "exit")
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => openStore(folder)))
    const stores = results.filter((result) => result.status === "fulfilled")
    expect(stores).toHaveLength(1)
    for (const result of results) if (result.status === "rejected") expect(result.reason.code).toBe("LOCKED")
    await stores[0]?.value.close()
    const children = await Promise.all(Array.from({ length: 4 }, () => holder(folder)))
    expect(children.map(({ said }) => said).sort()).toEqual(["LOCKED", "LOCKED", "LOCKED", "open"])
  })

  it("may have a path that is too long for a socket", async () => {
    const folder = join(temporaryFolder(), "x".repeat(120), "y".repeat(120))
    await opened(folder)
    expect(await failure(openStore(folder))).toMatchObject({ code: "LOCKED" })
  })
})

describe("the limit of open files", () => {
  it("is named if it is reached", () => {
    const program = `
      import { openSync } from "node:fs"
      import { openStore } from "ohmq-toolkit/store"
      // Once, so that all code is loaded.
      await (await openStore(process.argv[1] + "/first")).close()
      try { for (;;) openSync("/dev/null", "r") } catch {}
      try { await openStore(process.argv[1] + "/second") } catch ({ code, message }) { console.log(code, message) }
      process.exit()`
    const limited = 'ulimit -n 100; exec "$0" --input-type=module --eval "$1" "$2"'
    const { stdout, stderr } = spawnSync("sh", ["-c", limited, process.execPath, program, temporaryFolder()], {
      cwd: join(import.meta.dirname, "../.."),
      encoding: "utf8",
    })
    expect(stderr).toBe("")
    expect(stdout).toMatch(/^FAILED .* too many files are open \(EMFILE\)\. Raise the limit \(ulimit -n\)/)
  })
})

describe("the format", () => {
  it("is refused if a newer version wrote it", async () => {
    const folder = temporaryFolder()
    await (await openStore(folder)).close()
    const path = join(folder, "format")
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ format: "ohmq-store", version: 1 })
    writeFileSync(path, JSON.stringify({ format: "ohmq-store", version: 7 }))
    expect(await failure(openStore(folder))).toEqual({
      code: "UNKNOWN_FORMAT",
      message: `${folder} has format version 7, and this version of ohmq-toolkit reads 1. Install a newer ohmq-toolkit`,
    })
    writeFileSync(path, "{")
    expect(await failure(openStore(folder))).toMatchObject({ code: "UNKNOWN_FORMAT" })
  })

  it("is refused if other files are there", async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "photos"))
    const { code, message } = await failure(openStore(folder))
    expect(code).toBe("UNKNOWN_FORMAT")
    expect(message).toContain("has files (photos) but no store")
  })

  it("is migrated step by step if it is old", async () => {
    const folder = temporaryFolder()
    ensureFormat(folder, 1)
    const steps: number[] = []
    const migrations = { 1: () => steps.push(1), 2: () => steps.push(2) }
    ensureFormat(folder, 3, migrations as never)
    expect(steps).toEqual([1, 2])
    expect(JSON.parse(readFileSync(join(folder, "format"), "utf8")).version).toBe(3)
    expect(() => ensureFormat(folder, 5, {})).toThrow("has format version 3, and this version of ohmq-toolkit reads 5")
  })
})

describe("network file systems", () => {
  it.runIf(process.platform === "linux")("are recognised by their number", () => {
    expect(networkFileSystem(0x6969, "/")).toBe("NFS")
    expect(networkFileSystem(0xff534d42, "/")).toBe("CIFS")
    expect(networkFileSystem(0xef53, "/")).toBeUndefined()
    expect(networkFileSystem(0x65735546, "/")).toBeUndefined()
  })
})

describe("options", () => {
  it("are checked", async () => {
    await expect(openStore(temporaryFolder(), { maxBytes: -1 })).rejects.toThrow(
      "Expected a positive number for maxBytes but received -1",
    )
    await expect(openStore(temporaryFolder(), { maxByte: 1 } as never)).rejects.toThrow('Unknown option "maxByte"')
  })
})
