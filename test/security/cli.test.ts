import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import path from "node:path"

import { Certificate, PasswordFile } from "ohmq/security"
import { describe, expect, it } from "vitest"

import { root } from "../support/process.js"
import { folder } from "./support.js"

const { bin } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { bin: Record<string, string> }
const run = (args: string[], input = "") =>
  spawnSync(process.execPath, [path.join(root, bin["ohmq-keys"] as string), ...args], { encoding: "utf8", input })

describe("ohmq-keys", () => {
  it("makes certificates, and overwrites none", async () => {
    const file = path.join(folder(), "a.key")
    const { status, stdout } = run(["certificate", file, "name=a", "role=x=y"])
    const certificate = await Certificate.load(`${file}_secret`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${certificate.publicKey}\n` })
    expect(certificate.metadata).toEqual({ name: "a", role: "x=y" })
    expect(run(["certificate", file]).status).toBe(1)
    expect((await Certificate.load(`${file}_secret`)).publicKey).toBe(certificate.publicKey)
  })

  it("overwrites no secret key whose public half was taken elsewhere", async () => {
    const file = path.join(folder(), "a.key")
    expect(run(["certificate", file]).status).toBe(0)
    const before = readFileSync(`${file}_secret`)
    rmSync(file)
    expect(run(["certificate", file])).toMatchObject({ status: 1, stderr: expect.stringContaining(`${file}_secret`) })
    expect(readFileSync(`${file}_secret`)).toEqual(before)
  })

  it("leaves nothing behind when it cannot make a certificate", () => {
    const file = path.join(folder(), "a.key")
    expect(run(["certificate", file, "a b=c"]).status).toBe(1)
    expect(existsSync(file)).toBe(false)
  })

  it("adds a user also behind a line that has no end", async () => {
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

  it.each([[[]], [["what"]], [["certificate"]], [["password", "x"]], [["certificate", "x.key", "noequals"]]])(
    "tells how it is used after %j",
    (args) => {
      expect(run(args)).toMatchObject({ status: 2, stderr: expect.stringContaining("--help") })
    },
  )
})
