import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import path from "node:path"

import { Certificate, PasswordFile } from "ohmq/security"
import { describe, expect, it } from "vitest"
import { folder } from "../security/support.js"
import { root } from "../support/process.js"

const { bin } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { bin: Record<string, string> }
const run = (args: string[], input = "", cwd = root) =>
  spawnSync(process.execPath, [path.join(root, bin["ohmq-keys"] as string), ...args], { encoding: "utf8", input, cwd })

describe("ohmq-keys", () => {
  it("generates certificates, and overwrites none", async () => {
    const file = path.join(folder(), "a.key")
    const { status, stdout } = run(["certificate", file, "name=a", "role=x=y"])
    const certificate = await Certificate.load(`${file}_secret`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${certificate.publicKey}\n` })
    expect(certificate.metadata).toEqual({ name: "a", role: "x=y" })
    expect(run(["certificate", file]).status).toBe(1)
    expect((await Certificate.load(`${file}_secret`)).publicKey).toBe(certificate.publicKey)
  })

  it("does not overwrite a secret key whose public file was moved", async () => {
    const file = path.join(folder(), "a.key")
    expect(run(["certificate", file]).status).toBe(0)
    const before = readFileSync(`${file}_secret`)
    rmSync(file)
    expect(run(["certificate", file])).toMatchObject({ status: 1, stderr: expect.stringContaining(`${file}_secret`) })
    expect(readFileSync(`${file}_secret`)).toEqual(before)
  })

  it("leaves no file behind if the certificate is invalid", () => {
    const file = path.join(folder(), "a.key")
    expect(run(["certificate", file, "a b=c"]).status).toBe(1)
    expect(existsSync(file)).toBe(false)
  })

  it("adds a user after a last line without a newline", async () => {
    const file = path.join(folder(), "passwords")
    expect(run(["password", file, "alice"], "one").status).toBe(0)
    writeFileSync(file, readFileSync(file, "utf8").trimEnd())
    expect(run(["password", file, "bob"], "two").status).toBe(0)
    const passwords = new PasswordFile(file)
    expect(await passwords.verify("alice", "one")).toBe(true)
    expect(await passwords.verify("bob", "two")).toBe(true)
    passwords.close()
  })

  it("adds users to a password file", async () => {
    const file = path.join(folder(), "passwords")
    for (const [user, password] of [
      ["alice", "one\n"],
      ["bob", "two"],
    ] as const)
      expect(run(["password", file, user], password).status).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const passwords = new PasswordFile(file)
    expect(await passwords.verify("alice", "one")).toBe(true)
    expect(await passwords.verify("bob", "two")).toBe(true)
    expect(await passwords.verify("bob", "one")).toBe(false)
    passwords.close()
  })

  it.each([
    ["a line break", "one\n", "one"],
    ["a line break of Windows", "one\r\n", "one"],
    ["two line breaks, of which it keeps one", "one\n\n", "one\n"],
  ])("takes a password that ends with %s", async (_, input, password) => {
    const file = path.join(folder(), "passwords")
    writeFileSync(file, "", { mode: 0o600 })
    expect(run(["password", file, "alice"], input).status).toBe(0)
    using passwords = new PasswordFile(file)
    expect([readFileSync(file, "utf8")[0], await passwords.verify("alice", password)]).toEqual(["a", true])
  })

  it.each([
    ["an empty password", "alice", "\n", "The password is empty"],
    ["an empty user name", "", "one", "Invalid user name"],
    ["a comment for a user name", "#alice", "one", "Invalid user name"],
    ["a user name of two lines", "alice\nbob", "one", "Invalid user name"],
  ])("refuses %s", (_, user, input, message) => {
    const here = folder()
    const { status, stderr } = run(["password", path.join(here, "passwords"), user], input)
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)])
    expect(readdirSync(here)).toEqual([])
  })

  it("replaces the password of an existing user, and leaves the other lines alone", async () => {
    const file = path.join(folder(), "passwords")
    expect(run(["password", file, "alice"], "one").status).toBe(0)
    writeFileSync(file, `# ours\n\n${readFileSync(file, "utf8")}`)
    chmodSync(file, 0o640)
    for (const [user, password] of [
      ["bob", "two"],
      ["alice", "three"],
    ] as const)
      expect(run(["password", file, user], password).status).toBe(0)
    expect(readFileSync(file, "utf8")).toMatch(/^# ours\n\nbob:[^\n]+\nalice:[^\n]+\n$/)
    expect(statSync(file).mode & 0o777).toBe(0o640)
    const passwords = new PasswordFile(file)
    expect([await passwords.verify("alice", "one"), await passwords.verify("alice", "three")]).toEqual([false, true])
    passwords.close()
  })

  it("does not write to a password file that others can read, and says what to do", () => {
    const file = path.join(folder(), "passwords")
    writeFileSync(file, "")
    chmodSync(file, 0o644)
    expect(run(["password", file, "alice"], "one")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("chmod"),
    })
    expect(readFileSync(file, "utf8")).toBe("")
  })

  it("leaves no secret key behind if the public file exists already", () => {
    const file = path.join(folder(), "a.key")
    writeFileSync(file, "mine")
    expect(run(["certificate", file])).toMatchObject({ status: 1, stderr: expect.stringContaining("exists already") })
    expect([existsSync(`${file}_secret`), readFileSync(file, "utf8")]).toEqual([false, "mine"])
  })

  it("names the file that it cannot write as the user named it", () => {
    const file = path.join(folder(), "nowhere", "a.key")
    const { status, stderr } = run(["certificate", file])
    expect(status).toBe(1)
    expect(stderr).toContain(`'${file}_secret'`)
    expect(stderr).not.toContain(".tmp")
  })

  it("keeps metadata with any name", async () => {
    const file = path.join(folder(), "a.key")
    expect(run(["certificate", file, "__proto__=x"]).status).toBe(0)
    expect(Object.entries((await Certificate.load(file)).metadata)).toEqual([["__proto__", "x"]])
  })

  it.each([
    [["--help"], "Generates certificates and writes password files"],
    [["-h"], "Generates certificates and writes password files"],
    [["certificate", "--help"], "ohmq-keys certificate FILE.key"],
    [["certificate", "a.key", "-h"], "ohmq-keys certificate FILE.key"],
    [["password", "--help"], "ohmq-keys password FILE USER"],
    [["password", "--help", "u"], "ohmq-keys password FILE USER"],
  ])("shows help for %j", (args, text) => {
    const here = folder()
    expect(run(args, "pw", here)).toMatchObject({ status: 0, stdout: expect.stringContaining(text), stderr: "" })
    expect(readdirSync(here)).toEqual([])
  })

  it.each([
    [[]],
    [["what"]],
    [["certificate"]],
    [["certificate", "x.key", "noequals"]],
    [["certificate", "x.key", "name=a", "name=b"]],
    [["certificate", "--force"]],
    [["password", "x"]],
    [["password", "x", "alice", "bob"]],
  ])("points to --help after %j", (args) => {
    const here = folder()
    expect(run(args, "pw", here)).toMatchObject({ status: 2, stderr: expect.stringContaining("--help") })
    expect(readdirSync(here)).toEqual([])
  })
})
