import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import path from "node:path"

import { PasswordFile } from "ohmq/security"
import { describe, expect, it } from "vitest"
import { folder } from "../support.js"

const file = () => path.join(folder(), "passwords")

describe("PasswordFile.setPassword", () => {
  it("creates a file that only its owner can read, adds users and changes their passwords", async () => {
    const name = file()
    await PasswordFile.setPassword(name, "alice", "one")
    expect(statSync(name).mode & 0o777).toBe(0o600)
    await PasswordFile.setPassword(name, "bob", Buffer.from("two"))
    await PasswordFile.setPassword(name, "alice", "three")
    using passwords = new PasswordFile(name)
    await passwords.ready
    expect(passwords.users).toEqual(["bob", "alice"])
    expect(await passwords.verify("alice", "one")).toBe(false)
    expect(await passwords.verify("alice", "three")).toBe(true)
    expect(await passwords.verify("bob", "two")).toBe(true)
  })

  it("keeps all other bytes of the file, and its mode", async () => {
    const name = file()
    const others = Buffer.concat([Buffer.from("# ours\r\n\n"), Buffer.from([0xff, 0xfe, 10])])
    writeFileSync(name, Buffer.concat([others, Buffer.from("a:b:c")]))
    chmodSync(name, 0o640)
    await PasswordFile.setPassword(name, "a:b", "one")
    expect(statSync(name).mode & 0o777).toBe(0o640)
    const contents = readFileSync(name)
    expect(contents.subarray(0, others.length)).toEqual(others)
    expect(contents.subarray(others.length).toString()).toMatch(/^a:b:\$scrypt\$[^\n]+\n$/)
  })

  it("does not take a user for another one whose name begins with it", async () => {
    const name = file()
    await PasswordFile.setPassword(name, "a:b", "one")
    await PasswordFile.setPassword(name, "a", "two")
    using passwords = new PasswordFile(name)
    await passwords.ready
    expect(passwords.users).toEqual(["a:b", "a"])
  })

  it.each(["", "#a", "a\nb", "a\rb", "a\0b", 1])("rejects the user %j", async (user) => {
    const name = file()
    await expect(PasswordFile.setPassword(name, user as string, "one")).rejects.toThrow(TypeError)
    expect(existsSync(name)).toBe(false)
  })

  it("rejects an empty password, and creates no file", async () => {
    const name = file()
    await expect(PasswordFile.setPassword(name, "alice", "")).rejects.toThrow("not empty")
    expect(existsSync(name)).toBe(false)
  })

  it("does not write to a file that others can read", async () => {
    const name = file()
    writeFileSync(name, "")
    chmodSync(name, 0o644)
    await expect(PasswordFile.setPassword(name, "alice", "one")).rejects.toMatchObject({ code: "EACCES" })
    expect(readFileSync(name, "utf8")).toBe("")
  })
})

describe("PasswordFile.removeUser", () => {
  it("removes a user, and says whether it was there", async () => {
    const name = file()
    await PasswordFile.setPassword(name, "alice", "one")
    await PasswordFile.setPassword(name, "bob", "two")
    const before = readFileSync(name)
    expect(await PasswordFile.removeUser(name, "carol")).toBe(false)
    expect(readFileSync(name)).toEqual(before)
    expect(await PasswordFile.removeUser(name, "alice")).toBe(true)
    expect(readFileSync(name, "utf8")).toMatch(/^bob:[^\n]+\n$/)
    expect(await PasswordFile.removeUser(name, "bob")).toBe(true)
    expect(readFileSync(name, "utf8")).toBe("")
  })

  it("is noticed by whoever has the file open", async () => {
    const name = file()
    await PasswordFile.setPassword(name, "alice", "one")
    using passwords = new PasswordFile(name)
    expect(await passwords.verify("alice", "one")).toBe(true)
    await PasswordFile.removeUser(name, "alice")
    expect(await passwords.verify("alice", "one")).toBe(false)
  })

  it("rejects without a file", async () => {
    await expect(PasswordFile.removeUser(file(), "alice")).rejects.toMatchObject({ code: "ENOENT" })
  })
})
