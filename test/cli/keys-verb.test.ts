// `ohmq keys` beyond what ohmq-keys does; test/cli/keys.test.ts has certificates and passwords.

import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { Certificate, PasswordFile } from "ohmq/security"
import { describe, expect, it } from "vitest"
import { folder } from "../security/support.js"
import { ohmq, startInTerminal } from "./support.js"

/** A folder with the key pair alice.key. */
async function pair(metadata: Record<string, string> = { name: "alice" }) {
  const place = folder()
  const certificate = Certificate.generate(metadata)
  await certificate.save(path.join(place, "alice.key"))
  return { place, certificate }
}

const python = (program: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync("/usr/bin/python3", ["-c", program, ...args], { encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

describe("ohmq keys", () => {
  it("explains its commands", async () => {
    for (const args of [
      ["keys", "--help"],
      ["help", "keys"],
    ]) {
      expect(await ohmq(args)).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/certificate .*\n.*password /s),
      })
    }
    const { stdout } = await ohmq(["help", "keys", "z85", "decode"])
    expect(stdout).toContain("ohmq keys z85 decode [TEXT]")
    expect((await ohmq(["keys", "z85", "decode", "-h"])).stdout).toBe(stdout)
  })

  it.each([
    [["keys"], 'Expected a command after "ohmq keys". Choose one of: certificate'],
    [["keys", "certifcate"], '"ohmq keys" has no command "certifcate". Did you mean "certificate"?'],
    [["keys", "z85", "decoed"], '"ohmq keys z85" has no command "decoed". Did you mean "decode"?'],
    [["keys", "list"], "Expected one DIR"],
    [["keys", "check"], "Expected FILE"],
    [["keys", "check", "--outptu", "json", "x"], 'Unknown option --outptu. Did you mean "--output"?'],
  ])("says what is wrong with %j, and where to read on", async (args, problem) => {
    const { status, stderr } = await ohmq(args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(problem)])
    expect(stderr).toMatch(/Run: ohmq help keys/)
  })
})

describe("ohmq keys public", () => {
  it("prints the public key of a certificate, of Z85 and of bytes", async () => {
    const { place, certificate } = await pair()
    const expected = { status: 0, stdout: `${certificate.publicKey}\n`, stderr: "" }
    const file = path.join(place, "alice.key_secret")
    expect(await ohmq(["keys", "public", file])).toMatchObject(expected)
    expect(await ohmq(["keys", "public"], { input: readFileSync(file) })).toMatchObject(expected)
    const bytes = certificate.secretKey as Buffer
    expect(await ohmq(["keys", "public", "-"], { input: bytes })).toMatchObject(expected)
    const { stdout: text } = await ohmq(["keys", "z85", "encode"], { input: bytes })
    expect(await ohmq(["keys", "public"], { input: text })).toMatchObject(expected)
  })

  it("agrees with pyzmq", async () => {
    const [publicKey, secretKey] = python("import zmq; print(' '.join(k.decode() for k in zmq.curve_keypair()))").split(
      /\s/,
    ) as [string, string]
    expect((await ohmq(["keys", "public"], { input: secretKey })).stdout).toBe(`${publicKey}\n`)
  })

  it("writes a public certificate that was lost", async () => {
    const { place, certificate } = await pair({ name: "alice", role: "scanner" })
    const file = path.join(place, "again.key")
    await ohmq(["keys", "public", path.join(place, "alice.key_secret"), "--save", file])
    const saved = await Certificate.load(file)
    expect(saved.toJSON()).toEqual(certificate.public.toJSON())
  })

  it("fails for what is no secret key, without repeating it", async () => {
    const { status, stdout, stderr } = await ohmq(["keys", "public"], { input: "very secret" })
    expect([status, stdout]).toEqual([1, ""])
    expect(stderr).toContain("Standard input")
    expect(stderr).not.toContain("very secret")
  })
})

describe("ohmq keys z85", () => {
  it("encodes and decodes bytes, text and hexadecimal digits", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 1, 2, 3, 4])
    const { stdout } = await ohmq(["keys", "z85", "encode"], { input: bytes })
    expect((await ohmq(["keys", "z85", "decode"], { input: stdout })).bytes).toEqual(bytes)
    expect((await ohmq(["keys", "z85", "encode", "--hex", "864FD26FB559F75B"])).stdout).toBe("HelloWorld\n")
    expect((await ohmq(["keys", "z85", "decode", "HelloWorld", "--hex"])).stdout).toBe("864fd26fb559f75b\n")
    expect((await ohmq(["keys", "z85", "encode", "--hex"], { input: "864fd26f b559f75b\n" })).stdout).toBe(
      "HelloWorld\n",
    )
  })

  it.each([
    [["encode", "abc"], "multiples of 4"],
    [["encode", "--hex", "abc"], "pairs of hexadecimal digits"],
    [["decode", "HelloWorl~"], "Invalid Z85 character at index 9"],
    [["decode", "abc"], "multiple of 5"],
  ])("fails for %j", async (args, problem) => {
    expect(await ohmq(["keys", "z85", ...args])).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining(problem),
    })
  })
})

describe("ohmq keys password", () => {
  it("removes a user", async () => {
    const file = path.join(folder(), "users")
    await PasswordFile.setPassword(file, "alice", "one")
    expect((await ohmq(["keys", "password", "--remove", file, "bob"])).status).toBe(1)
    expect((await ohmq(["keys", "password", "--remove", file, "alice"])).status).toBe(0)
    expect(readFileSync(file, "utf8")).toBe("")
  })

  it("asks for the password twice in a terminal, which does not show it", async () => {
    const file = path.join(folder(), "users")
    const running = startInTerminal(["keys", "password", file, "alice"])
    await running.until(/Password: /, "stdout")
    running.child.stdin.write("wrong\u0015sée\u007fcret\r")
    await running.until(/again: /, "stdout")
    running.child.stdin.write("sécret\r")
    const { status, stdout } = await running.ended
    expect([status, stdout]).toEqual([0, expect.not.stringContaining("cret")])
    using passwords = new PasswordFile(file)
    expect(await passwords.verify("alice", "sécret")).toBe(true)
  })

  it("writes nothing if the two differ, or after Ctrl-C", async () => {
    const file = path.join(folder(), "users")
    for (const [second, code] of [
      ["other\r", 1],
      ["\u0003", 130],
    ] as const) {
      const running = startInTerminal(["keys", "password", file, "alice"])
      await running.until(/Password: /, "stdout")
      running.child.stdin.write("one\r")
      await running.until(/again: /, "stdout")
      running.child.stdin.write(second)
      expect((await running.ended).status).toBe(code)
    }
    expect(existsSync(file)).toBe(false)
  })
})

describe("ohmq keys check", () => {
  const check = async (file: string) => {
    const { status, stdout, stderr } = await ohmq(["keys", "check", "--output", "json", file])
    return { status, stderr, ...(JSON.parse(stdout) as Record<string, unknown>) }
  }

  it("finds nothing wrong with what the other commands write", async () => {
    const { place, certificate } = await pair({ name: "alice", role: "scanner" })
    const file = path.join(place, "alice.key")
    const { publicKey, metadata } = certificate
    expect(await check(file)).toEqual({
      status: 0,
      stderr: "",
      file,
      kind: "certificate",
      mode: "0644",
      publicKey,
      metadata,
    })
    expect(await check(`${file}_secret`)).toMatchObject({
      status: 0,
      kind: "secret certificate",
      mode: "0600",
      publicKey,
    })
    const { stdout } = await ohmq(["keys", "check", `${file}_secret`])
    expect(stdout).toBe(`${file}_secret: secret certificate, mode 0600, ${publicKey}, name=alice, role=scanner, ok\n`)
  })

  it("finds nothing wrong with what pyzmq writes", () => {
    const place = folder()
    python("import sys, zmq.auth; zmq.auth.create_certificates(sys.argv[1], 'alice')", place)
    chmodSync(path.join(place, "alice.key_secret"), 0o600)
    return expect(check(path.join(place, "alice.key_secret"))).resolves.toMatchObject({
      status: 0,
      kind: "secret certificate",
    })
  })

  it.each([
    ["alice.key_secret", 0o640, "chmod 600"],
    ["alice.key_secret", 0o604, "chmod 600"],
    ["alice.key", 0o664, "chmod go-w"],
  ])("ends with 4 if the mode of %s is %i", async (name, mode, remedy) => {
    const { place } = await pair()
    const file = path.join(place, name)
    chmodSync(file, mode)
    expect(await check(file)).toMatchObject({ status: 4, exposed: expect.stringContaining(`${remedy} ${file}`) })
  })

  it("ends with 4 for an exposed secret that is not even valid, and with 1 for other invalid contents", async () => {
    const { place, certificate } = await pair()
    const file = path.join(place, "alice.key_secret")
    const other = Certificate.generate().publicKey
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(certificate.publicKey, () => other),
    )
    expect(await check(file)).toMatchObject({ status: 1, problem: expect.stringContaining("does not match") })
    chmodSync(file, 0o644)
    expect(await check(file)).toMatchObject({ status: 4, stderr: expect.stringContaining("does not match") })
    writeFileSync(file, "what")
    expect(await check(file)).toMatchObject({ status: 1, kind: "unknown" })
  })

  it("counts the users of a password file, and reads it only if others cannot", async () => {
    const file = path.join(folder(), "users")
    await PasswordFile.setPassword(file, "alice", "one")
    writeFileSync(file, `${readFileSync(file, "utf8")}what\n`)
    expect(await check(file)).toMatchObject({
      status: 1,
      kind: "password file",
      users: ["alice"],
      problem: expect.stringContaining("line 2"),
    })
    chmodSync(file, 0o644)
    expect(await check(file)).toMatchObject({ status: 4 })
  })

  it("looks at all files, and ends with the worst that it found", async () => {
    const { place } = await pair()
    const [file, secret] = [path.join(place, "alice.key"), path.join(place, "alice.key_secret")]
    chmodSync(secret, 0o644)
    writeFileSync(file, "what")
    for (const files of [
      [file, secret],
      [secret, file],
    ]) {
      const { status, stdout } = await ohmq(["keys", "check", ...files])
      expect([status, stdout.split("\n").length]).toEqual([4, 3])
    }
    expect(await ohmq(["keys", "check", `${file}x`])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("no such file"),
    })
  })
})

describe("ohmq keys list", () => {
  it("lists the certificates in a folder, and warns about the others", async () => {
    const { place, certificate } = await pair({})
    writeFileSync(path.join(place, "bob.key"), "what")
    writeFileSync(path.join(place, "notes.txt"), "what")
    mkdirSync(path.join(place, "carol"))
    const { status, stdout, stderr } = await ohmq(["keys", "list", place])
    const { publicKey } = certificate
    expect([status, stdout]).toEqual([
      0,
      `${publicKey}  public  alice  alice.key\n${publicKey}  secret  alice  alice.key_secret\n`,
    ])
    expect(stderr).toMatch(/^warning: \S+bob.key: .*\n$/)
    const { stdout: lines } = await ohmq(["keys", "list", place, "--output", "json"])
    expect(
      lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).kind),
    ).toEqual(["certificate", "secret certificate"])
  })

  it("warns about a folder that others can change, and fails without one", async () => {
    const place = folder()
    chmodSync(place, 0o777)
    expect(await ohmq(["keys", "list", place])).toMatchObject({
      status: 0,
      stdout: "",
      stderr: expect.stringContaining("chmod go-w"),
    })
    expect(await ohmq(["keys", "list", path.join(place, "x")])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("no such"),
    })
  })
})
