// Certificate folders and password files, whatever they contain and however they are written.

import { spawnSync } from "node:child_process"
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import { CertificateStore, generateKeyPair, hashPassword, PasswordFile } from "ohmq/security"
import { describe, expect, it, onTestFinished, vi } from "vitest"

import { eventually, thrown } from "../../support/sockets.js"
import { alice, bob, folder } from "../support.js"

function openStore(here: string) {
  const store = CertificateStore.open(here)
  onTestFinished(() => store.close())
  const problems: string[] = []
  const removed: string[] = []
  store.on("problem", ({ message }) => problems.push(message)).on("change", (change) => removed.push(...change.removed))
  return { store, problems, removed }
}

/** The contents of a public certificate file. */
async function textOf(certificate: typeof alice): Promise<string> {
  const file = path.join(folder(), "text.key")
  await certificate.savePublic(file)
  return readFileSync(file, "utf8")
}

/** Writes an existing file as cp and editors do: truncates it, then writes in steps. Calls a function before each. */
async function writeSlowly(file: string, text: string, look: () => unknown): Promise<void> {
  const fd = openSync(file, "w")
  const step = Math.ceil(text.length / 6)
  for (let from = 0; from < text.length; from += step) {
    look()
    await sleep(10)
    writeSync(fd, text.slice(from, from + step))
  }
  closeSync(fd)
}

const names = (store: CertificateStore) => store.certificates.map(({ metadata }) => metadata.name).sort()

describe("a certificate folder", () => {
  it("must be a folder, and is changed by its files only", () => {
    const here = folder()
    const file = path.join(here, "file")
    writeFileSync(file, "")
    expect(thrown(() => CertificateStore.open(file))).toMatchObject({ code: "ENOTDIR", path: file })
    using store = CertificateStore.open(here)
    expect(thrown(() => store.add(alice)).message).toContain("Save the certificate's file there")
    expect(thrown(() => store.delete(alice)).message).toContain("Remove the certificate's file there")
  })

  it("may contain any other files", async () => {
    const here = folder()
    const elsewhere = folder()
    await alice.savePublic(path.join(here, "alice.key"))
    await bob.savePublic(path.join(elsewhere, "bob.key"))
    const carol = generateKeyPair({ name: "carol" })
    await carol.save(path.join(here, "carol.key"))
    await generateKeyPair({ name: "open" }).saveSecret(path.join(here, "open.key"))
    chmodSync(path.join(here, "open.key"), 0o644)
    symlinkSync(path.join(elsewhere, "bob.key"), path.join(here, "linked.key"))
    symlinkSync(path.join(here, "nowhere"), path.join(here, "dangling.key"))
    symlinkSync(path.join(here, "loop.key"), path.join(here, "loop.key"))
    mkdirSync(path.join(here, "folder.key"))
    writeFileSync(path.join(here, "empty.key"), "")
    writeFileSync(path.join(here, "binary.key"), Buffer.alloc(1000, 255))
    writeFileSync(path.join(here, "large.key"), Buffer.alloc(100_000, "#"))
    writeFileSync(path.join(here, "readme.txt"), "not looked at")
    writeFileSync(path.join(here, ".hidden.key"), "not looked at")
    expect(spawnSync("mkfifo", [path.join(here, "fifo.key")]).status).toBe(0)
    const { store, problems } = openStore(here)
    await store.ready
    expect(names(store)).toEqual(["alice", "bob", "carol"])
    expect(store.certificates.some(({ hasSecretKey }) => hasSecretKey)).toBe(false)
    const told = ["binary", "empty", "fifo", "folder", "large", "open"].map((name) =>
      expect.stringContaining(path.join(here, `${name}.key`)),
    )
    expect(problems.sort()).toEqual(told)
    // Removing the target of a link removes its key.
    unlinkSync(path.join(elsewhere, "bob.key"))
    expect(await store.find(bob.publicKey)).toBeUndefined()
  })

  it("finds a key as soon as its file exists", async () => {
    const here = folder()
    const { store } = openStore(here)
    await store.ready
    for (const certificate of [alice, bob, generateKeyPair({ name: "carol" })]) {
      expect(await store.find(certificate.publicKey)).toBeUndefined()
      await certificate.savePublic(path.join(here, `${certificate.metadata.name}.key`))
      expect((await store.find(certificate.publicKey))?.publicKey).toBe(certificate.publicKey)
    }
  })

  it("is rejected while other users can write to it, as are files that they can change", async () => {
    const here = folder()
    await alice.savePublic(path.join(here, "alice.key"))
    await bob.savePublic(path.join(here, "bob.key"))
    chmodSync(path.join(here, "bob.key"), 0o664)
    chmodSync(here, 0o777)
    expect(thrown(() => CertificateStore.open(here))).toMatchObject({
      code: "EACCES",
      message: expect.stringContaining(`chmod go-w ${here}`),
    })
    chmodSync(here, 0o755)
    const { store, problems, removed } = openStore(here)
    await store.ready
    expect(names(store)).toEqual(["alice"])
    expect(problems).toEqual([expect.stringContaining("chmod go-w")])
    // Also if the mode changes later.
    chmodSync(here, 0o775)
    await store.reload()
    await store.reload()
    expect([store.certificates, removed]).toEqual([[], [alice.publicKey]])
    expect(problems).toEqual([expect.stringContaining("bob.key"), expect.stringContaining(`chmod go-w ${here}`)])
  })

  it("keeps a key while one of several files contains it", async () => {
    const here = folder()
    for (const name of ["a", "b"]) await alice.savePublic(path.join(here, `${name}.key`))
    const { store, removed } = openStore(here)
    await store.ready
    rmSync(path.join(here, "a.key"))
    expect(await store.find(alice.publicKey)).toBeDefined()
    rmSync(path.join(here, "b.key"))
    expect(await store.find(alice.publicKey)).toBeUndefined()
    expect(removed).toEqual([alice.publicKey])
  })

  it("reports a problem once", async () => {
    const here = folder()
    writeFileSync(path.join(here, "broken.key"), "nonsense")
    const { store, problems } = openStore(here)
    for (const _ of [1, 2, 3]) await store.reload()
    expect(problems).toHaveLength(1)
  })

  it("keeps the old contents of a file until the new ones are complete", async () => {
    const here = folder()
    const file = path.join(here, "alice.key")
    const text = await textOf(alice)
    writeFileSync(file, text, { mode: 0o644 })
    const { store, problems, removed } = openStore(here)
    await store.ready
    await writeSlowly(file, text, () => store.reload())
    expect((await store.find(alice.publicKey))?.metadata.name).toBe("alice")
    expect({ problems, removed }).toEqual({ problems: [], removed: [] })
  })

  it("notices a change of the same size right after another one", async () => {
    const here = folder()
    const file = path.join(here, "a.key")
    const [one, other] = [generateKeyPair({ name: "same" }), generateKeyPair({ name: "same" })]
    const [oneText, otherText] = await Promise.all([one, other].map(textOf))
    const { store } = openStore(here)
    for (let round = 0; round < 6; round += 1) {
      writeFileSync(file, oneText as string, { mode: 0o644 })
      await store.reload()
      writeFileSync(file, otherText as string)
      expect(await store.find(one.publicKey)).toBeUndefined()
      await eventually(async () => expect(await store.find(other.publicKey)).toBeDefined())
    }
  })

  it("tolerates files that disappear while it reads, and a folder that is removed and created again", async () => {
    const here = path.join(folder(), "clients")
    mkdirSync(here, 0o755)
    const { store } = openStore(here)
    for (let round = 0; round < 20; round += 1) {
      const files = [0, 1, 2].map((index) => path.join(here, `${round}-${index}.key`))
      for (const file of files) writeFileSync(file, "x")
      const looking = store.reload()
      for (const file of files) rmSync(file)
      await looking
    }
    rmSync(here, { recursive: true })
    await store.reload()
    expect(store.certificates).toEqual([])
    mkdirSync(here, 0o755)
    await alice.savePublic(path.join(here, "alice.key"))
    expect(await store.reload().then(() => store.find(alice.publicKey))).toBeDefined()
  })
})

describe("a list of certificates", () => {
  it("reports only changes", () => {
    const store = new CertificateStore([alice])
    const changes: unknown[] = []
    store.on("change", (change) => changes.push(change))
    store.add(alice)
    store.add(bob)
    expect([store.delete(bob), store.delete(bob)]).toEqual([true, false])
    expect(changes).toEqual([
      { added: [bob.publicKey], removed: [] },
      { added: [], removed: [bob.publicKey] },
    ])
  })
})

describe("a password file", () => {
  it("that cannot be read is reported once, whether or not it had users", async () => {
    const file = path.join(folder(), "passwords")
    writeFileSync(file, "", { mode: 0o600 })
    const passwords = new PasswordFile(file)
    onTestFinished(() => passwords.close())
    const problems: (string | undefined)[] = []
    passwords.on("problem", (error) => problems.push((error as NodeJS.ErrnoException).code))
    rmSync(file)
    mkdirSync(file)
    await eventually(() => expect(problems).toEqual(["EINVAL"]))
    rmSync(file, { recursive: true })
    expect(spawnSync("mkfifo", ["-m", "600", file]).status).toBe(0)
    expect(await passwords.verify("alice", "one")).toBe(false)
    expect(problems).toEqual(["EINVAL"])
  })

  it("has no valid users while others can read it", async () => {
    const file = path.join(folder(), "passwords")
    writeFileSync(file, `alice:${await hashPassword("one")}\n`, { mode: 0o600 })
    const passwords = new PasswordFile(file)
    onTestFinished(() => passwords.close())
    const problems: (string | undefined)[] = []
    passwords.on("problem", (error) => problems.push((error as NodeJS.ErrnoException).code))
    expect(await passwords.verify("alice", "one")).toBe(true)
    chmodSync(file, 0o644)
    expect(await passwords.verify("alice", "one")).toBe(false)
    expect(problems).toEqual(["EACCES"])
    chmodSync(file, 0o600)
    expect(await passwords.verify("alice", "one")).toBe(true)
  })

  it("is watched until the end of its scope", () => {
    const file = path.join(folder(), "passwords")
    writeFileSync(file, "", { mode: 0o600 })
    const passwords = new PasswordFile(file)
    const close = vi.spyOn(passwords, "close")
    {
      using _ = passwords
      expect(close).not.toHaveBeenCalled()
    }
    expect(close).toHaveBeenCalledOnce()
  })

  it("loses no user while it is rewritten", async () => {
    const file = path.join(folder(), "passwords")
    const line = `alice:${await hashPassword("one")}\n`
    writeFileSync(file, line, { mode: 0o600 })
    const passwords = new PasswordFile(file)
    onTestFinished(() => passwords.close())
    const removed: string[] = []
    passwords.on("change", (change) => removed.push(...change.removed))
    expect(await passwords.verify("alice", "one")).toBe(true)
    const asked: Promise<boolean>[] = []
    await writeSlowly(file, line, () => asked.push(passwords.verify("alice", "one")))
    expect(await Promise.all(asked)).not.toContain(false)
    expect(removed).toEqual([])
  })
})
