import { createHash, createPrivateKey, createSecretKey, generateKeyPairSync, type KeyObject } from "node:crypto"
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { pathToFileURL } from "node:url"
import { inspect } from "node:util"

import { type KeyInput, Signer, type SignerOptions, type VerificationKey, Verifier } from "ohmq/security"
import { afterAll, describe, expect, it } from "vitest"

import { runCommand } from "../../support/process.js"

const folder = mkdtempSync(path.join(tmpdir(), "ohmq-keys-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const privatePem = privateKey.export({ type: "pkcs8", format: "pem" }) as string
const publicPem = publicKey.export({ type: "spki", format: "pem" }) as string
const privateJwk = privateKey.export({ format: "jwk" })
const publicJwk = publicKey.export({ format: "jwk" })
const encryptedPem = privateKey.export({
  type: "pkcs8",
  format: "pem",
  cipher: "aes-256-cbc",
  passphrase: "open",
}) as string

/** The forms of the key that must never be shown: base64url, base64 and hexadecimal, without the part that public keys share. */
const secrets = [
  privateJwk.d as string,
  Buffer.from(privateJwk.d as string, "base64url").toString("hex"),
  privatePem.split("\n")[1]?.slice(24) as string,
]

function file(name: string, contents: string | Uint8Array, mode = 0o600): string {
  const full = path.join(folder, name)
  writeFileSync(full, contents, { mode })
  chmodSync(full, mode)
  return full
}

const verifierOf = (key: KeyInput | VerificationKey) => new Verifier({ keys: [key], payloadTypes: ["a/b"] })

function thrownBy(operation: () => unknown): NodeJS.ErrnoException {
  try {
    operation()
  } catch (error) {
    return error as Error
  }
  throw new Error("Nothing was thrown")
}

const passes = async (signer: Signer, key: KeyInput | VerificationKey) =>
  (await verifierOf(key).verify(signer.sign("a/b", "text"))).payload.toString() === "text"

describe("the private key of a Signer", () => {
  it.each<[string, SignerOptions]>([
    ["PEM", { key: privatePem }],
    ["PEM in bytes", { key: Buffer.from(privatePem) }],
    ["an encrypted PEM", { key: encryptedPem, passphrase: "open" }],
    ["JWK", { key: privateJwk }],
    ["a KeyObject", { key: privateKey }],
    ["a file", { file: file("key.pem", privatePem) }],
    ["a read-only file", { file: file("read-only.pem", privatePem, 0o400) }],
    ["an encrypted file", { file: file("encrypted.pem", encryptedPem), passphrase: "open" }],
    ["the URL of a file", { file: pathToFileURL(file("url.pem", privatePem)) }],
  ])("may be %s", async (_, options) => {
    expect(await passes(new Signer(options), publicKey)).toBe(true)
  })

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a string instead of options", privatePem],
    ["no key", {}],
    ["a key and a file", { key: privatePem, file: file("both.pem", privatePem) }],
    ["a public key", { key: publicKey }],
    ["a public PEM", { key: publicPem }],
    ["a public JWK", { key: publicJwk }],
    ["an encrypted PEM without its passphrase", { key: encryptedPem }],
    ["an encrypted PEM with another passphrase", { key: encryptedPem, passphrase: "close" }],
    ["half a PEM", { key: privatePem.slice(0, 60) }],
    ["a JWK with a key of another length", { key: { ...privateJwk, d: `${privateJwk.d}AAAA` } }],
    ["a JWK whose key is not a string", { key: { ...privateJwk, d: [privateJwk.d] } }],
    ["a number", { key: 1 }],
    ["a key in an object", { key: { key: privatePem } }],
    ["another kind of key", { key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey }],
    ["a secret key", { key: createSecretKey(Buffer.alloc(32)) }],
    ["a key for key exchange", { key: generateKeyPairSync("x25519").privateKey }],
    ["a key with an empty keyId", { key: privateKey, keyId: "" }],
    ["a keyId with control characters", { key: privateKey, keyId: "a\n" }],
    ["a long keyId", { key: privateKey, keyId: "x".repeat(256) }],
    ["an unknown option", { key: privateKey, replayble: true }],
  ])("may not be %s, and no error shows it", (_, options) => {
    const error = thrownBy(() => new Signer(options as SignerOptions))
    expect(error).toBeInstanceOf(TypeError)
    const shown = inspect(error, { depth: 9, showHidden: true })
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })

  it("does not show in inspections or JSON", () => {
    const signer = new Signer({ key: privatePem, keyId: "audit" })
    expect(inspect(signer, { depth: 9, showHidden: true, getters: true })).toMatch(/^Signer \{/)
    for (const text of [
      inspect(signer, { depth: 9, showHidden: true, getters: true }),
      JSON.stringify(signer),
      String(signer),
      inspect(structuredClone(signer)),
      Reflect.ownKeys(signer).join(),
    ]) {
      for (const secret of secrets) expect(text).not.toContain(secret)
    }
    expect(JSON.stringify(signer)).toBe('{"keyId":"audit"}')
  })

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777])("is rejected in a file with mode %o", (mode) => {
    const name = file(`mode-${mode.toString(8)}.pem`, privatePem, mode)
    const error = thrownBy(() => new Signer({ file: name }))
    expect(error).toMatchObject({ code: "EACCES", path: name })
    expect(error.message).toContain(`0${mode.toString(8)}`)
    const link = `${name}.link`
    symlinkSync(name, link)
    expect(thrownBy(() => new Signer({ file: link })).code).toBe("EACCES")
    chmodSync(name, 0o600)
    expect(new Signer({ file: link }).keyId).toBe(new Signer({ key: privateKey }).keyId)
  })

  it("is rejected in a folder, device, pipe, or missing or too large file", async () => {
    expect(thrownBy(() => new Signer({ file: path.join(folder, "none") })).code).toBe("ENOENT")
    expect(thrownBy(() => new Signer({ file: folder }))).toBeInstanceOf(TypeError)
    expect(thrownBy(() => new Signer({ file: "/dev/zero" }))).toBeInstanceOf(TypeError)
    expect(thrownBy(() => new Signer({ file: file("large", Buffer.alloc(100_000)) }))).toBeInstanceOf(TypeError)
    expect(thrownBy(() => new Signer({ file: file("empty", "") }))).toBeInstanceOf(TypeError)
    const pipe = path.join(folder, "pipe")
    expect((await runCommand("mkfifo", ["-m", "600", pipe])).status).toBe(0)
    expect(thrownBy(() => new Signer({ file: pipe }))).toBeInstanceOf(TypeError)
  })
})

describe("the public key of a Verifier", () => {
  const signer = new Signer({ key: privateKey })

  it.each<[string, KeyInput | VerificationKey]>([
    ["PEM", publicPem],
    ["PEM in bytes", Buffer.from(publicPem)],
    ["JWK", publicJwk],
    ["a KeyObject", publicKey],
    ["the key of a Signer", signer.publicKey],
    ["PEM in an object", { key: publicPem }],
    ["JWK in an object", { key: publicJwk }],
    ["a file that everyone can read", { file: file("public.pem", publicPem, 0o644) }],
  ])("may be %s", async (_, key) => {
    expect(await passes(signer, key)).toBe(true)
  })

  it.each<[string, unknown]>([
    ["a private PEM", privatePem],
    ["a private KeyObject", privateKey],
    ["a private JWK", privateJwk],
    ["an encrypted private PEM", encryptedPem],
    ["a file with a private key", { file: file("oops.pem", privatePem, 0o644) }],
    ["a symmetric key", { kty: "oct", k: "AAAA" }],
    ["a key of another kind", generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey],
    ["a string that is not PEM", "ssh-ed25519 AAAA"],
    ["null", null],
    ["a number", 1],
    ["an empty object", {}],
  ])("may not be %s", (_, key) => {
    const error = thrownBy(() => verifierOf(key as KeyInput))
    expect(error).toBeInstanceOf(TypeError)
    for (const secret of secrets) expect(inspect(error, { depth: 9 })).not.toContain(secret)
  })
})

describe("the id of a key", () => {
  it("is the SHA-256 of its SPKI", () => {
    const spki = publicKey.export({ type: "spki", format: "der" })
    expect(new Signer({ key: privateKey }).keyId).toBe(createHash("sha256").update(spki).digest("hex"))
  })

  it("may be chosen", async () => {
    const signer = new Signer({ key: privateKey, keyId: "größe" })
    expect(signer.keyId).toBe("größe")
    expect(await passes(signer, { key: publicKey, keyId: "größe" })).toBe(true)
  })

  it("does not depend on the form of the key", () => {
    const forms: (string | KeyObject)[] = [privatePem, privateKey, createPrivateKey(privatePem)]
    expect(new Set(forms.map((key) => new Signer({ key }).keyId)).size).toBe(1)
  })
})
