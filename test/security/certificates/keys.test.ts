import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import path from "node:path"
import { inspect } from "node:util"

import * as zmq from "ohmq"
import { Certificate, generateKeyPair, publicKeyFrom, z85Decode, z85Encode } from "ohmq/security"
import { describe, expect, it } from "vitest"

import { runProgram } from "../../support/process.js"
import { failure, open, thrown } from "../../support/sockets.js"
import { alice, folder } from "../support.js"

const secretText = (certificate: Certificate) => z85Encode(certificate.secretKey as Buffer)

describe("z85", () => {
  it("encodes and decodes the example of RFC 32", () => {
    const bytes = Buffer.from("864FD26FB559F75B", "hex")
    expect(z85Encode(bytes)).toBe("HelloWorld")
    expect(z85Decode("HelloWorld")).toEqual(bytes)
  })

  it("round-trips every multiple of 4 bytes", () => {
    for (let length = 0; length <= 64; length += 4) {
      const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length) & 255))
      expect(z85Decode(z85Encode(bytes))).toEqual(bytes)
    }
    expect(z85Decode(z85Encode(Buffer.alloc(8, 255)))).toEqual(Buffer.alloc(8, 255))
  })

  it.each(["abcd", "abcdef", "abcd ", "abc~e", "abc\u0100e", "%nSc1", "#####"])(
    "throws a RangeError for %j",
    (text) => {
      expect(thrown(() => z85Decode(text)).name).toBe("RangeError")
    },
  )

  it("throws for other lengths and types", () => {
    expect(thrown(() => z85Encode(Buffer.alloc(5))).name).toBe("RangeError")
    expect(thrown(() => z85Encode("text" as never)).name).toBe("TypeError")
    expect(thrown(() => z85Decode(Buffer.alloc(5) as never)).name).toBe("TypeError")
  })
})

describe("publicKeyFrom", () => {
  it("agrees with libzmq's own key pairs, for text and bytes", () => {
    const pair = zmq.curveKeyPair()
    expect(publicKeyFrom(pair.secretKey)).toBe(pair.publicKey)
    expect(publicKeyFrom(z85Decode(pair.secretKey))).toBe(pair.publicKey)
    expect(zmq.curveKeyPair.publicKeyFrom(pair.secretKey)).toBe(pair.publicKey)
  })

  it.each([undefined, 1, "", "x".repeat(39), "x".repeat(41), " ".repeat(40), "~".repeat(40), Buffer.alloc(31)])(
    "throws for %j",
    (key) => {
      expect(thrown(() => publicKeyFrom(key as never)).name).toBe("TypeError")
      expect(thrown(() => zmq.curveKeyPair.publicKeyFrom(key as never))).toBeInstanceOf(Error)
    },
  )
})

describe("Certificate", () => {
  it("generates a new key pair each time", () => {
    const [one, two] = [generateKeyPair({ name: "one" }), generateKeyPair()]
    expect(one.publicKey).toBe(publicKeyFrom(one.secretKey as Buffer))
    expect(one.publicKey).not.toBe(two.publicKey)
    expect(one.metadata).toEqual({ name: "one" })
  })

  it("saves two files and loads them", async () => {
    const file = path.join(folder(), "a.key")
    const certificate = generateKeyPair({ name: "a", quote: `it's "in"`.replaceAll("'", "") })
    await certificate.save(file)
    const known = await Certificate.load(file)
    expect(known.toJSON()).toEqual({ ...certificate.toJSON(), hasSecretKey: false })
    const own = await Certificate.load(`${file}_secret`)
    expect(own.secretKey).toEqual(certificate.secretKey)
    expect(own.metadata).toEqual(certificate.metadata)
    expect(statSync(`${file}_secret`).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, "utf8")).not.toContain(secretText(certificate))
  })

  it.each([0o640, 0o604, 0o620, 0o602, 0o777])("does not load a secret file with mode %o", async (mode) => {
    const file = path.join(folder(), "a.key")
    const certificate = generateKeyPair()
    await certificate.save(file)
    chmodSync(`${file}_secret`, mode)
    const error = await failure(() => Certificate.load(`${file}_secret`))
    expect(error).toMatchObject({ code: "EACCES", message: expect.stringContaining("chmod 600") })
    expect(error.message).not.toContain(secretText(certificate))
  })

  it.each([
    ["", "the public-key under curve is missing"],
    ['curve\n    public-key = "short"\n', "40 characters"],
    [`curve\n    public-key = "${"~".repeat(40)}"\n`, "not valid Z85"],
    ["curve\n  public-key = 1\n", "multiple of 4 spaces"],
    ['curve\n    public-key = "x\n', "closing quote is missing"],
    ["=\n", "name is missing"],
    ["\u0000\u0001", "invalid characters"],
    [`curve\n    public-key = "${"0".repeat(40)}"\n    public-key = "${"0".repeat(40)}"\n`, "twice"],
  ])("rejects the file %j", async (text, problem) => {
    const file = path.join(folder(), "bad.key")
    writeFileSync(file, text)
    expect(await failure(() => Certificate.load(file))).toMatchObject({
      code: "ERR_CERTIFICATE",
      message: expect.stringContaining(problem),
    })
  })

  it("throws if the keys do not match, without showing them", () => {
    const [one, two] = [zmq.curveKeyPair(), zmq.curveKeyPair()]
    const error = thrown(() => Certificate.from({ publicKey: one.publicKey, secretKey: two.secretKey }))
    expect(error.message).toContain("does not match the secret key")
    expect(inspect(error)).not.toContain(two.secretKey)
  })

  it("throws for metadata that the format cannot express", () => {
    for (const metadata of [{ name: "a\nb" }, { "a b": "x" }, { name: `'"` }, { name: 1 }]) {
      expect(thrown(() => generateKeyPair(metadata as never)).name).toBe("TypeError")
    }
  })

  it("reads the environment, and deletes the secret there", () => {
    const { publicKey, secretKey } = zmq.curveKeyPair()
    Object.assign(process.env, { T1_SECRET_KEY: secretKey, T1_PUBLIC_KEY: publicKey, T1_NAME: "env" })
    const certificate = Certificate.fromEnvironment({ prefix: "T1" })
    expect(certificate).toMatchObject({ publicKey, metadata: { name: "env" }, hasSecretKey: true })
    expect(process.env.T1_SECRET_KEY).toBeUndefined()
    expect(thrown(() => Certificate.fromEnvironment({ prefix: "T2" })).message).toContain("T2_SECRET_KEY")
  })

  it("gets keys or text from a vault, and rejects if the vault fails or is too slow", async () => {
    const { publicKey, secretKey } = zmq.curveKeyPair()
    expect((await Certificate.fromVault(async () => ({ secretKey }))).publicKey).toBe(publicKey)
    const text = `curve\n    public-key = "${publicKey}"\n    secret-key = "${secretKey}"\n`
    expect((await Certificate.fromVault(() => Buffer.from(text))).hasSecretKey).toBe(true)
    expect((await failure(() => Certificate.fromVault(() => Promise.reject(new Error("sealed"))))).message).toBe(
      "sealed",
    )
    expect((await failure(() => Certificate.fromVault(() => new Promise(() => {}), { timeout: 5 }))).message).toContain(
      "5 ms",
    )
  })

  it("throws for unknown and invalid options", async () => {
    expect(thrown(() => Certificate.fromEnvironment({ prefx: "T1" } as never)).name).toBe("TypeError")
    expect(thrown(() => Certificate.fromEnvironment({ keep: "no" } as never)).name).toBe("TypeError")
    for (const options of [{ timout: 5 }, { timeout: Number.NaN }, { timeout: -1 }, { timeout: 2 ** 31 }]) {
      const error = await failure(() => Certificate.fromVault(() => ({ publicKey: alice.publicKey }), options as never))
      expect(error).toMatchObject({ name: "TypeError", message: expect.stringMatching(/tim(e)?out/) })
    }
  })

  it("throws for what is not keys or metadata", () => {
    expect(thrown(() => Certificate.from("key" as never)).message).toContain("an object with a publicKey")
    expect(thrown(() => Certificate.from({ metadata: {} } as never)).message).toContain("received neither")
    expect(thrown(() => Certificate.from({ publicKey: alice.publicKey, metadata: "x" as never })).message).toContain(
      "metadata to be an object",
    )
  })

  it("saves only a secret key that it has", async () => {
    const file = path.join(folder(), "secret.key")
    expect((await failure(() => alice.public.saveSecret(file))).message).toContain("no secret key to save")
    await expect(Certificate.load(file)).rejects.toMatchObject({ code: "ENOENT" })
  })

  it("leaves no half of a file if it cannot be put in place, and names it as it was named", async () => {
    const here = folder()
    const file = path.join(here, "taken")
    mkdirSync(file)
    const error = await failure(() => alice.saveSecret(file))
    expect(error).toMatchObject({ path: file, message: expect.not.stringContaining(".tmp") })
    expect(readdirSync(here)).toEqual(["taken"])
  })

  it("is shown with its name, or its public key", () => {
    const { publicKey, secretKey } = zmq.curveKeyPair()
    expect(String(alice)).toBe("Certificate(alice)")
    expect(String(Certificate.from({ secretKey }))).toBe(`Certificate(${publicKey})`)
    expect(inspect(alice)).toContain("[hidden]")
    expect(inspect(alice.public)).toContain("secretKey: null")
  })

  it("zeroes its secret key on destroy()", () => {
    const certificate = generateKeyPair()
    const bytes = certificate.secretKey as Buffer
    certificate.destroy()
    expect(bytes).toEqual(Buffer.alloc(32))
    expect(thrown(() => certificate.secretKey).message).toContain("destroyed")
    expect(certificate.hasSecretKey).toBe(false)
  })

  it("never shows its secret key", () => {
    const certificate = generateKeyPair({ name: "a" })
    const socket = open(zmq.Dealer, { security: { client: certificate, serverKey: generateKeyPair().publicKey } })
    const hex = certificate.secretKey?.toString("hex") as string
    const shown = [certificate, { certificate }, socket, socket.security]
      .flatMap((value) => [
        inspect(value, { depth: 9, showHidden: true }),
        JSON.stringify(value),
        String(value),
        JSON.stringify(structuredCloneOf(value)),
      ])
      .join("\n")
    for (const form of [
      secretText(certificate),
      hex,
      hex.replace(/..(?=.)/g, "$& "),
      certificate.secretKey?.toString("base64"),
    ])
      expect(shown).not.toContain(form)
    expect(shown).toContain(certificate.publicKey)
  })

  it.each([
    [
      "a key pair as text",
      (secret: string, publicKey: string) => ({
        client: { publicKey, secretKey: secret },
        serverKey: zmq.curveKeyPair().publicKey,
      }),
    ],
    ["a password", (secret: string) => ({ username: "u", password: secret })],
  ])("the security property shows no secret that was given as %s, and can be reused", (_, make) => {
    const { publicKey, secretKey } = zmq.curveKeyPair()
    const socket = open(zmq.Dealer, { security: make(secretKey, publicKey) })
    const security = socket.security as zmq.SocketSecurity
    for (const value of [socket, security, { security }]) {
      for (const options of [{ depth: 9 }, { depth: 9, showHidden: true }]) {
        expect(inspect(value, options)).not.toContain(secretKey)
      }
      expect(JSON.stringify(value)).not.toContain(JSON.stringify(secretKey).slice(1, -1))
    }
    const other = open(zmq.Dealer, { security })
    expect([other.curveSecretKey, other.plainPassword]).toEqual([socket.curveSecretKey, socket.plainPassword])
  })

  it("keeps its secret key out of heap snapshots", async () => {
    process.env.SECRET_FILE = await savedSecret()
    const { stdout, stderr } = await runProgram(
      `
      import { readFileSync, rmSync } from "node:fs"
      import { writeHeapSnapshot } from "node:v8"
      import { Certificate, z85Encode } from "ohmq/security"
      const file = process.env.SECRET_FILE
      const certificate = await Certificate.load(file)
      const socket = new zmq.Dealer({ security: { client: certificate, serverKey: zmq.curveKeyPair().publicKey } })
      const snapshot = writeHeapSnapshot(file + ".heapsnapshot")
      const heap = readFileSync(snapshot, "latin1")
      const secret = readFileSync(file, "latin1").match(/secret-key = "(.*)"/)[1]
      const inHeap = (text) => heap.includes(JSON.stringify(text).slice(1, -1))
      console.log(inHeap(secret), inHeap(certificate.publicKey))
      socket.close()`,
      { timeout: 60_000 },
    )
    expect({ stdout, stderr }).toEqual({ stdout: "false true\n", stderr: "" })
  })
})

function structuredCloneOf(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch {
    return null
  }
}

async function savedSecret(): Promise<string> {
  const file = path.join(folder(), "heap.key")
  await generateKeyPair({ name: "heap" }).save(file)
  return `${file}_secret`
}

// test/interop checks the format against pyzmq and CZMQ.
describe("certificate files", () => {
  it("may have values without quotes, with blanks and comments after them", async () => {
    const file = path.join(folder(), "bare.key")
    writeFileSync(
      file,
      `metadata\n    name = bare  # a comment\n    role = x\r\ncurve\n    public-key = ${alice.publicKey.includes("#") ? `"${alice.publicKey}"` : alice.publicKey}\n`,
    )
    expect(await Certificate.load(file)).toMatchObject({
      publicKey: alice.publicKey,
      metadata: { name: "bare", role: "x" },
    })
  })

  it("of CZMQ can be read, including nested quotes", () => {
    const { publicKey, secretKey } = zmq.curveKeyPair()
    const text = `#   ****  Generated on 2026-11-23 22:12:05 by CZMQ  ****
#   ZeroMQ CURVE **Secret** Certificate

metadata
    name = "Al "q" ice"
    org = "it's ok"
    empty = ""
curve
    public-key = "${publicKey}"
    secret-key = "${secretKey}"
`
    const certificate = Certificate.parse(text)
    expect(certificate.metadata).toEqual({ name: 'Al "q" ice', org: "it's ok", empty: "" })
    expect(secretText(certificate)).toBe(secretKey)
  })
})
