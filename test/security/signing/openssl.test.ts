// Checks envelopes independently of this library: with OpenSSL, and with the test vector of the DSSE specification.

import { createPublicKey, verify } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { Signer, Verifier } from "ohmq/security"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { type Json, preAuthEncoding, stamped, stampedType } from "../../support/dsse.js"
import { runCommand } from "../../support/process.js"

const folder = mkdtempSync(path.join(tmpdir(), "ohmq-openssl-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const inFolder = (name: string) => path.join(folder, name)

const openssl = (...args: string[]) => runCommand("openssl", args, { cwd: folder })

async function succeed(...args: string[]) {
  const { status, stderr, stdout } = await openssl(...args)
  expect({ status, stderr }).toMatchObject({ status: 0 })
  return stdout
}

const bodies: [string, Buffer][] = [
  ["text", Buffer.from('{"user":"ada","action":"größe"}')],
  ["no bytes", Buffer.alloc(0)],
  ["all bytes", Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256))],
]

const types = ["application/vnd.example.audit+json", "application/größe-😀", "http://example.com/Hello World"]

beforeAll(async () => {
  await succeed("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
  await succeed("pkey", "-in", "key.pem", "-pubout", "-out", "public.pem")
})

describe("OpenSSL", () => {
  const signerOf = (replayable: boolean) => new Signer({ file: inFolder("key.pem"), replayable })
  const verifierOf = (replayable: boolean) =>
    new Verifier({ keys: [{ file: inFolder("public.pem") }], payloadTypes: types, replayable })

  const cases = bodies.flatMap(([name, body]) =>
    types.flatMap((type) => [true, false].map((replayable) => [name, type, replayable, body] as const)),
  )

  it.each(cases)("verifies the envelopes of a Signer: %s, %s, replayable %s", async (_, type, replayable, body) => {
    const { payload, payloadType, signatures }: Json = JSON.parse(signerOf(replayable).sign(type, body))
    const bytes = Buffer.from(payload, "base64")
    if (replayable) expect([payloadType, bytes]).toEqual([type, body])
    else expect([payloadType, bytes.subarray(bytes.indexOf("\n") + 1)]).toEqual([stampedType, body])
    writeFileSync(inFolder("signed"), preAuthEncoding(payloadType, bytes))
    writeFileSync(inFolder("signature"), Buffer.from(signatures[0]?.sig as string, "base64"))
    const args = "pkeyutl -verify -pubin -inkey public.pem -rawin -in signed -sigfile signature".split(" ")
    expect(await succeed(...args)).toContain("Signature Verified Successfully")
    writeFileSync(inFolder("signed"), preAuthEncoding(`${payloadType}x`, bytes))
    expect((await openssl(...args)).status).not.toBe(0)
  })

  it.each(cases)(
    "makes signatures that a Verifier accepts: %s, %s, replayable %s",
    async (_, type, replayable, body) => {
      const [payloadType, payload] = replayable ? [type, body] : [stampedType, Buffer.concat([stamped(type, ""), body])]
      writeFileSync(inFolder("to-sign"), preAuthEncoding(payloadType, payload))
      await succeed(..."pkeyutl -sign -inkey key.pem -rawin -in to-sign -out signature-made".split(" "))
      const sig = readFileSync(inFolder("signature-made")).toString("base64")
      const { keyId } = signerOf(replayable)
      const text = JSON.stringify({
        payload: payload.toString("base64"),
        payloadType,
        signatures: [{ keyid: keyId, sig }],
      })
      const message = await verifierOf(replayable).verify(text)
      expect([message.payloadType, message.keyId]).toEqual([type, keyId])
      expect(message.payload.equals(body)).toBe(true)
    },
  )

  it("makes the same signature for the same bytes", async () => {
    const { payload, payloadType, signatures }: Json = JSON.parse(signerOf(true).sign(types[0] as string, "text"))
    writeFileSync(inFolder("same"), preAuthEncoding(payloadType, Buffer.from(payload, "base64")))
    await succeed(..."pkeyutl -sign -inkey key.pem -rawin -in same -out same-signature".split(" "))
    expect(readFileSync(inFolder("same-signature")).toString("base64")).toBe(signatures[0]?.sig)
  })

  it("computes the same fingerprint for a key", async () => {
    await succeed(..."pkey -pubin -in public.pem -outform DER -out public.der".split(" "))
    const digest = await succeed("dgst", "-sha256", "-r", "public.der")
    expect(digest.split(" ")[0]).toBe(signerOf(false).keyId)
  })

  it("encrypts private keys that a Signer can read", async () => {
    await succeed(..."genpkey -algorithm ed25519 -aes256 -pass pass:open -out encrypted.pem".split(" "))
    const signer = new Signer({ file: inFolder("encrypted.pem"), passphrase: "open" })
    const verifier = new Verifier({ keys: [signer.publicKey], payloadTypes: ["a/b"] })
    expect((await verifier.verify(signer.sign("a/b", "text"))).payload.toString()).toBe("text")
  })
})

describe("the test vector of the DSSE specification", () => {
  const payloadType = "http://example.com/HelloWorld"
  const signed = Buffer.from("DSSEv1 29 http://example.com/HelloWorld 11 hello world")
  const vector = {
    payload: "aGVsbG8gd29ybGQ=",
    payloadType,
    signatures: [{ sig: "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==" }],
  }

  const coordinate = (decimal: bigint) =>
    Buffer.from(decimal.toString(16).padStart(64, "0"), "hex").toString("base64url")
  const key = createPublicKey({
    key: {
      kty: "EC",
      crv: "P-256",
      x: coordinate(46950820868899156662930047687818585632848591499744589407958293238635476079160n),
      y: coordinate(5640078356564379163099075877009565129882514886557779369047442380624545832820n),
    },
    format: "jwk",
  })

  it("is signed over the bytes that these tests compute", () => {
    expect(preAuthEncoding(payloadType, Buffer.from("hello world"))).toEqual(signed)
    const signature = Buffer.from(vector.signatures[0]?.sig as string, "base64")
    expect(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signature)).toBe(true)
  })

  it("has the payload and the signed bytes of a Signer", () => {
    const signer = new Signer({ file: inFolder("key.pem"), replayable: true })
    const { signatures, ...envelope } = JSON.parse(signer.sign(payloadType, "hello world"))
    expect({ ...envelope, signatures: vector.signatures }).toEqual(vector)
    expect(verify(null, signed, signer.publicKey, Buffer.from(signatures[0].sig, "base64"))).toBe(true)
  })

  it("is rejected, because its key is not an Ed25519 key", async () => {
    expect(() => new Verifier({ keys: [key], payloadTypes: [payloadType] })).toThrow(
      "Expected an Ed25519 key, but received ec",
    )
    const { publicKey } = new Signer({ file: inFolder("key.pem") })
    const verifier = new Verifier({ keys: [publicKey], payloadTypes: [payloadType], replayable: true })
    await expect(verifier.verify(JSON.stringify(vector))).rejects.toMatchObject({ code: "ERR_ENVELOPE_SIGNATURE" })
  })
})
