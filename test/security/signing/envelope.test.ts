import { createPublicKey, generateKeyPairSync, verify } from "node:crypto"

import { EnvelopeError, MemoryNonceStore, Signer, Verifier, type VerifierOptions } from "ohmq/security"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

import { envelope, type Json, preAuthEncoding, stamped, stampedType } from "../../support/dsse.js"
import { failure } from "../../support/sockets.js"

const type = "application/vnd.example.audit+json"

const pair = generateKeyPairSync("ed25519")
const signer = new Signer({ key: pair.privateKey, keyId: "one" })
const plainSigner = new Signer({ key: pair.privateKey, keyId: "one", replayable: true })
const otherSigner = new Signer({ key: generateKeyPairSync("ed25519").privateKey, keyId: "two" })
const one = { key: pair.publicKey, keyId: "one" }
const two = { key: otherSigner.publicKey, keyId: "two" }

const verifierOf = (options: Partial<VerifierOptions> = {}) =>
  new Verifier({ payloadTypes: [type], ...(options.resolveKey ? {} : { keys: [one] }), ...options })

/** The code with which the envelope is rejected. */
async function refusal(verifier: Verifier, text: string | Uint8Array | Json): Promise<string> {
  const input = typeof text === "string" || text instanceof Uint8Array ? text : JSON.stringify(text)
  const error = await verifier.verify(input).then(
    () => undefined,
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(EnvelopeError)
  return error.code
}

const parsed = (text: string): Json => JSON.parse(text)

describe("Signer", () => {
  it("makes a DSSE envelope", () => {
    const { payload, payloadType, signatures, ...others } = parsed(signer.sign(type, "text"))
    expect(others).toEqual({})
    expect(payloadType).toBe(stampedType)
    expect(signatures).toEqual([{ keyid: "one", sig: expect.stringMatching(/^[A-Za-z0-9+/]{86}==$/) }])
    const signed = preAuthEncoding(payloadType, Buffer.from(payload, "base64"))
    expect(verify(null, signed, pair.publicKey, Buffer.from(signatures[0]?.sig as string, "base64"))).toBe(true)
  })

  it("puts a line with type, time and nonce before the payload", () => {
    const before = Date.now()
    const lines = [1, 2].map(() =>
      Buffer.from(parsed(signer.sign(type, { a: 1 })).payload, "base64")
        .toString()
        .split("\n"),
    )
    for (const [line, body, ...others] of lines) {
      expect(others).toEqual([])
      expect(body).toBe('{"a":1}')
      const { time, ...stamp } = JSON.parse(line as string)
      expect(stamp).toEqual({ type, nonce: expect.stringMatching(/^[\w-]{22}$/) })
      expect(Date.parse(time)).toBeGreaterThanOrEqual(before)
    }
    expect(lines[0]?.[0]).not.toBe(lines[1]?.[0])
  })

  it("signs the payload alone with replayable", () => {
    const { payload, payloadType } = parsed(plainSigner.sign(type, "text"))
    expect(payloadType).toBe(type)
    expect(payload).toBe(Buffer.from("text").toString("base64"))
  })

  it.each([
    ["bytes", new Uint8Array([0, 255, 10, 13]), Buffer.from([0, 255, 10, 13])],
    ["no bytes", new Uint8Array(0), Buffer.alloc(0)],
    ["text", "grüße\n😀", Buffer.from("grüße\n😀")],
    ["an object", { a: [1, null] }, Buffer.from('{"a":[1,null]}')],
    ["an object without prototype", Object.assign(Object.create(null), { a: 1 }), Buffer.from('{"a":1}')],
    ["an array", [1, 2], Buffer.from("[1,2]")],
    ["an object with toJSON", new Date(0), Buffer.from('"1970-01-01T00:00:00.000Z"')],
  ])("signs %s, which the Verifier returns unchanged", async (_, payload, bytes) => {
    const message = await verifierOf().verify(signer.sign(type, payload))
    expect(message.payload).toEqual(bytes)
    expect(message).toMatchObject({ payloadType: type, keyId: "one", keyIds: ["one"] })
    expect(Math.abs(Date.now() - (message.time as Date).getTime())).toBeLessThan(10_000)
  })

  it.each([
    undefined,
    null,
    1,
    true,
    () => 1,
    Promise.resolve({}),
    new Map(),
    new ArrayBuffer(1),
    new Float64Array(1),
    "\ud800",
    { toJSON: () => undefined },
  ])("throws a TypeError for the payload %s", (payload) => {
    expect(() => signer.sign(type, payload as string)).toThrow(TypeError)
  })

  it.each([undefined, "", 1, "a\nb", "a\ud800", "x".repeat(256), "ü".repeat(128), stampedType])(
    "throws a TypeError for the payload type %j",
    (payloadType) => {
      expect(() => signer.sign(payloadType as string, "")).toThrow(TypeError)
      expect(() => plainSigner.sign(payloadType as string, "")).toThrow(TypeError)
    },
  )

  it("counts the bytes, not the characters, of a type that is not ASCII", async () => {
    const payloadType = "application/größe-😀"
    const verifier = verifierOf({ payloadTypes: [payloadType], replayable: true })
    const text = plainSigner.sign(payloadType, "x")
    const signature = Buffer.from(parsed(text).signatures[0]?.sig as string, "base64")
    const signed = Buffer.concat([
      Buffer.from("DSSEv1 24 application/gr"),
      Buffer.from([0xc3, 0xb6, 0xc3, 0x9f]),
      Buffer.from("e-"),
      Buffer.from([0xf0, 0x9f, 0x98, 0x80]),
      Buffer.from(" 1 x"),
    ])
    expect(verify(null, signed, pair.publicKey, signature)).toBe(true)
    expect((await verifier.verify(text)).payloadType).toBe(payloadType)
  })
})

describe("Verifier", () => {
  it("accepts bytes as received from a socket", async () => {
    const { payload } = await verifierOf().verify(Buffer.from(signer.sign(type, "text")))
    expect(payload.toString()).toBe("text")
  })

  it("rejects a message with any byte changed", async () => {
    const verifier = verifierOf()
    const { payload, payloadType, signatures } = parsed(signer.sign(type, "some text"))
    const bytes = Buffer.from(payload, "base64")
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] as number) ^ 1
      const code = await refusal(verifier, { payload: changed.toString("base64"), payloadType, signatures })
      expect(code).toBe("ERR_ENVELOPE_SIGNATURE")
    }
    const signature = Buffer.from(signatures[0]?.sig as string, "base64")
    for (let index = 0; index < signature.length; index++) {
      const changed = Buffer.from(signature)
      changed[index] = (changed[index] as number) ^ 0x80
      const sig = changed.toString("base64")
      expect(await refusal(verifier, { payload, payloadType, signatures: [{ keyid: "one", sig }] })).toBe(
        "ERR_ENVELOPE_SIGNATURE",
      )
    }
    expect((await verifier.verify(JSON.stringify({ payload, payloadType, signatures }))).payload.toString()).toBe(
      "some text",
    )
  })

  it("rejects a signature with the group order added", async () => {
    const order = (1n << 252n) + 27742317777372353535851937790883648493n
    const message = parsed(signer.sign(type, "text"))
    const [signature] = message.signatures as [Json["signatures"][0]]
    const bytes = Buffer.from(signature.sig, "base64")
    const scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString("hex")}`) + order
    Buffer.from(scalar.toString(16).padStart(64, "0"), "hex").reverse().copy(bytes, 32)
    signature.sig = bytes.toString("base64")
    expect(await refusal(verifierOf(), message)).toBe("ERR_ENVELOPE_SIGNATURE")
  })

  it("rejects signatures of other lengths", async () => {
    const verifier = verifierOf()
    const message = parsed(signer.sign(type, "text"))
    for (const length of [0, 1, 63, 65, 1000]) {
      const changed = { ...message, signatures: [{ keyid: "one", sig: Buffer.alloc(length).toString("base64") }] }
      expect(await refusal(verifier, changed)).toBe("ERR_ENVELOPE_SIGNATURE")
    }
  })

  it("accepts base64 and base64url, with padding and without", async () => {
    // Bytes whose base64 contains every differing character and padding.
    const bytes = Buffer.concat([Buffer.alloc(20, 0xfb), Buffer.alloc(20, 0xff)])
    const { payload, payloadType, signatures } = parsed(plainSigner.sign(type, bytes))
    const verifier = verifierOf({ replayable: true })
    const url = (text: string) => text.replaceAll("+", "-").replaceAll("/", "_")
    const bare = (text: string) => url(text).replaceAll("=", "")
    expect(bare(payload)).toMatch(/-.*_/)
    for (const write of [url, bare]) {
      const sigs = signatures.map(({ keyid, sig }) => ({ keyid, sig: write(sig) }))
      const message = await verifier.verify(JSON.stringify({ payload: write(payload), payloadType, signatures: sigs }))
      expect(message.payload).toEqual(bytes)
    }
  })

  it.each([
    "aGVsbG9=",
    "aGVsbG8==",
    "aGVsbG8= ",
    "aGVs bG8=",
    "aGVsbG8=\n",
    "=aGVsbG8",
    "aGVsbG8=AAAA",
    "-_+/",
    "a",
    "€",
  ])("rejects %j as base64", async (payload) => {
    const message = parsed(plainSigner.sign(type, "hello"))
    const verifier = verifierOf({ replayable: true })
    expect(await refusal(verifier, { ...message, payload })).toBe("ERR_ENVELOPE_MALFORMED")
    const signatures = [{ keyid: "one", sig: payload }]
    expect(await refusal(verifier, { ...message, signatures })).toBe("ERR_ENVELOPE_MALFORMED")
  })

  it("accepts only listed types, on the envelope or inside", async () => {
    const verifier = verifierOf({ payloadTypes: ["a/b", "c/d"] })
    expect((await verifier.verify(signer.sign("c/d", ""))).payloadType).toBe("c/d")
    expect(await refusal(verifier, signer.sign("e/f", ""))).toBe("ERR_ENVELOPE_TYPE")
    expect(await refusal(verifier, signer.sign("A/B", ""))).toBe("ERR_ENVELOPE_TYPE")
    expect(await refusal(verifier, plainSigner.sign("c/d", ""))).toBe("ERR_ENVELOPE_TYPE")
    const archive = verifierOf({ payloadTypes: ["a/b", "c/d"], replayable: true })
    expect((await archive.verify(plainSigner.sign("c/d", ""))).payloadType).toBe("c/d")
    expect(await refusal(archive, plainSigner.sign("e/f", ""))).toBe("ERR_ENVELOPE_TYPE")
    expect(await refusal(archive, signer.sign("e/f", ""))).toBe("ERR_ENVELOPE_TYPE")
  })

  it("rejects a payload type that differs from the signed one", async () => {
    const verifier = verifierOf({ payloadTypes: ["a/b", "a/c"], replayable: true })
    const message = parsed(plainSigner.sign("a/b", "x"))
    expect(await refusal(verifier, { ...message, payloadType: "a/c" })).toBe("ERR_ENVELOPE_SIGNATURE")
    // A plain DSSE signature is never valid for a stamped message.
    const posed = parsed(plainSigner.sign("a/b", stamped("a/b", "x")))
    expect(await refusal(verifier, { ...posed, payloadType: stampedType })).toBe("ERR_ENVELOPE_SIGNATURE")
  })

  it.each([
    ["no line", "", "ERR_ENVELOPE_MALFORMED"],
    ["a line that does not end", "x".repeat(5000), "ERR_ENVELOPE_MALFORMED"],
    ["null", "null\n", "ERR_ENVELOPE_MALFORMED"],
    ["a string", '"type"\n', "ERR_ENVELOPE_MALFORMED"],
    ["no time", `{"type":"${type}","nonce":"0123456789abcdef"}\n`, "ERR_ENVELOPE_MALFORMED"],
    [
      "a short nonce",
      `{"type":"${type}","time":"${new Date().toISOString()}","nonce":"0"}\n`,
      "ERR_ENVELOPE_MALFORMED",
    ],
    [
      "another form of time",
      `{"type":"${type}","time":"${new Date()}","nonce":"0123456789abcdef"}\n`,
      "ERR_ENVELOPE_MALFORMED",
    ],
    ["no type", `{"time":"${new Date().toISOString()}","nonce":"0123456789abcdef"}\n`, "ERR_ENVELOPE_MALFORMED"],
    ["the type __proto__", stamped("__proto__", "x").toString(), "ERR_ENVELOPE_TYPE"],
  ])("rejects a signed payload with %s", async (_, body, code) => {
    const message = envelope(stampedType, Buffer.from(body), [{ keyid: "one", key: pair.privateKey }])
    expect(await refusal(verifierOf(), message)).toBe(code)
    expect(await refusal(verifierOf({ replayable: true }), message)).toBe(code)
  })

  it("does not share memory with the envelope", async () => {
    const bytes = Buffer.from(signer.sign(type, "text"))
    const resolveKey = async () => {
      bytes.fill(0)
      return one
    }
    expect((await verifierOf({ resolveKey }).verify(bytes)).payload.toString()).toBe("text")
  })
})

describe("hostile input", () => {
  const good = parsed(signer.sign(type, "text"))
  const signature = good.signatures[0] as Json["signatures"][0]
  const deep = "[".repeat(500_000)

  it.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["text that is not JSON", "hello"],
    ["null", "null"],
    ["a number", "1"],
    ["an array", "[]"],
    ["an empty object", "{}"],
    ["trailing bytes", `${JSON.stringify(good)}x`],
    ["two envelopes", JSON.stringify(good).repeat(2)],
    ["a byte-order mark", `\ufeff${JSON.stringify(good)}`],
    ["a byte-order mark in bytes", Buffer.from(`\ufeff${JSON.stringify(good)}`)],
    [
      "invalid UTF-8",
      Buffer.concat([
        Buffer.from('{"x":"'),
        Buffer.from([0xff, 0xc0]),
        Buffer.from(`",${JSON.stringify(good).slice(1)}`),
      ]),
    ],
    ["half an envelope", JSON.stringify(good).slice(0, 100)],
    ["deep arrays", deep],
    ["complete deep arrays", deep + "]".repeat(500_000)],
    ["deep objects", `${'{"payload":'.repeat(80_000)}1${"}".repeat(80_000)}`],
    ["no payload", JSON.stringify({ ...good, payload: undefined })],
    ["a payload that is a number", JSON.stringify({ ...good, payload: 1 })],
    ["a payload in an array", JSON.stringify({ ...good, payload: [good.payload] })],
    ["no payload type", JSON.stringify({ ...good, payloadType: undefined })],
    ["an empty payload type", JSON.stringify({ ...good, payloadType: "" })],
    ["a long payload type", JSON.stringify({ ...good, payloadType: "x".repeat(10_000) })],
    ["half a surrogate pair as the payload type", JSON.stringify({ ...good, payloadType: "\ud800" })],
    ["no signatures", JSON.stringify({ ...good, signatures: [] })],
    ["signatures that are an object", JSON.stringify({ ...good, signatures: { 0: signature, length: 1 } })],
    ["signatures that are null", JSON.stringify({ ...good, signatures: [null] })],
    ["signatures that are strings", JSON.stringify({ ...good, signatures: ["x"] })],
    ["a signature without sig", JSON.stringify({ ...good, signatures: [{ keyid: "one" }] })],
    ["a sig that is an object", JSON.stringify({ ...good, signatures: [{ keyid: "one", sig: {} }] })],
    ["a key id that is an array", JSON.stringify({ ...good, signatures: [{ ...signature, keyid: ["one"] }] })],
    ["a long key id", JSON.stringify({ ...good, signatures: [{ ...signature, keyid: "x".repeat(300) }] })],
    ["the same key id twice", JSON.stringify({ ...good, signatures: [signature, signature] })],
    [
      "two signatures without a key id",
      JSON.stringify({ ...good, signatures: [{ sig: signature.sig }, { sig: signature.sig, keyid: "" }] }),
    ],
    [
      "17 signatures",
      JSON.stringify({
        ...good,
        signatures: Array.from({ length: 17 }, (_, id) => ({ ...signature, keyid: `${id}` })),
      }),
    ],
    ["fields in __proto__ only", `{"__proto__":${JSON.stringify(good)}}`],
    ["signatures in __proto__ only", `{"payload":"","payloadType":"${type}","__proto__":{"signatures":[]}}`],
  ])("is malformed: %s", async (_, text) => {
    expect(await refusal(verifierOf(), text)).toBe("ERR_ENVELOPE_MALFORMED")
  })

  it("is a TypeError if it is neither bytes nor text", async () => {
    for (const input of [undefined, null, 1, good, [Buffer.from("x")], new ArrayBuffer(1)]) {
      expect(await failure(() => verifierOf().verify(input as unknown as string))).toBeInstanceOf(TypeError)
    }
  })

  it("is malformed if it exceeds maxSize", async () => {
    const verifier = verifierOf({ maxSize: 1000 })
    const text = signer.sign(type, "x".repeat(2000))
    expect(await refusal(verifier, text)).toBe("ERR_ENVELOPE_MALFORMED")
    expect(await refusal(verifier, Buffer.from(text))).toBe("ERR_ENVELOPE_MALFORMED")
    // The limit counts bytes, even of strings.
    const wide = signer.sign(type, "x").replace("{", `{"more":"${"€".repeat(250)}",`)
    expect(wide.length).toBeLessThan(1000)
    expect(await refusal(verifier, wide)).toBe("ERR_ENVELOPE_MALFORMED")
    expect((await verifierOf().verify(wide)).payload.toString()).toBe("x")
    expect(await refusal(verifierOf(), Buffer.alloc(64 << 20, "["))).toBe("ERR_ENVELOPE_MALFORMED")
    const exact = signer.sign(type, "x")
    expect((await verifierOf({ maxSize: exact.length }).verify(exact)).payload.toString()).toBe("x")
    expect(await refusal(verifierOf({ maxSize: exact.length - 1 }), signer.sign(type, "x"))).toBe(
      "ERR_ENVELOPE_MALFORMED",
    )
  })

  it("cannot pollute prototypes", async () => {
    const text = JSON.stringify(parsed(signer.sign(type, "text")))
    const polluting = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${text.slice(1)}`
    expect((await verifierOf().verify(polluting)).payload.toString()).toBe("text")
    expect("polluted" in {}).toBe(false)
    for (const keyid of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(await refusal(verifierOf(), { ...good, signatures: [{ ...signature, keyid }] })).toBe(
        "ERR_ENVELOPE_UNKNOWN_KEY",
      )
    }
  })

  it("with any byte changed or cut off gives the signed bytes or an error", async () => {
    const verifier = verifierOf({ replayable: true })
    const bytes = Buffer.from(plainSigner.sign(type, "text"))
    let refused = 0
    for (let index = 0; index < bytes.length; index++) {
      const changed = [1, 2, 0x20, 0x80].map((bit) => {
        const copy = Buffer.from(bytes)
        copy[index] = (copy[index] as number) ^ bit
        return copy
      })
      for (const input of [...changed, bytes.subarray(0, index), bytes.subarray(index + 1)]) {
        const outcome = await verifier.verify(input).catch((error) => error)
        if (outcome instanceof EnvelopeError) refused += 1
        else expect([outcome.payload.toString(), outcome.payloadType, outcome.keyId]).toEqual(["text", type, "one"])
      }
    }
    expect(refused).toBeGreaterThan(bytes.length * 5)
  })

  it("is read without inherited properties", async () => {
    const verifier = verifierOf()
    const text = signer.sign(type, "text").replace('"keyid":"one",', "")
    Object.defineProperty(Object.prototype, "keyid", { value: "two", configurable: true })
    try {
      expect((await verifier.verify(text)).keyId).toBe("one")
    } finally {
      Reflect.deleteProperty(Object.prototype, "keyid")
    }
  })

  it("gets errors that show nothing but the code", async () => {
    const error = (await failure(() => verifierOf().verify("SECRET"))) as EnvelopeError
    expect({ ...error }).toEqual({ name: "EnvelopeError", code: "ERR_ENVELOPE_MALFORMED" })
    expect(error.message).toBe("The envelope is malformed or too large")
    expect(error.cause).toBeUndefined()
  })
})

describe("several signatures", () => {
  const both = verifierOf({ keys: [one, two], threshold: 2 })

  it("come from countersigning a verified message", async () => {
    const text = signer.sign(type, "pay 5")
    expect(await refusal(both, text)).toBe("ERR_ENVELOPE_THRESHOLD")
    const message = await verifierOf().verify(text)
    const countersigned = otherSigner.countersign(message)
    const { payload, keyId, keyIds } = await both.verify(countersigned)
    expect({ payload: payload.toString(), keyId, keyIds }).toEqual({
      payload: "pay 5",
      keyId: "one",
      keyIds: ["one", "two"],
    })
  })

  it("cover the verified bytes, even if the caller changes the returned ones", async () => {
    const message = await verifierOf().verify(signer.sign(type, "pay 5"))
    message.payload.write("pay 9")
    const { payload } = await both.verify(otherSigner.countersign(message))
    expect(payload.toString()).toBe("pay 5")
  })

  it("cannot repeat a key id, and need a verified message", async () => {
    const message = await verifierOf().verify(signer.sign(type, "pay 5"))
    expect(() => signer.countersign(message)).toThrow(TypeError)
    for (const forged of [{ ...message }, Object.create(Object.getPrototypeOf(message)), signer.sign(type, ""), null]) {
      expect(() => otherSigner.countersign(forged)).toThrow(TypeError)
    }
    // @ts-expect-error: the types reject it too
    expect(() => otherSigner.countersign({ ...message })).toThrow("Expected message to be a VerifiedMessage")
  })

  it("of one key count once, whatever its ids", async () => {
    const alias = { key: pair.publicKey, keyId: "alias" }
    const verifier = verifierOf({ keys: [one, alias, two], threshold: 2 })
    const body = stamped(type, "x")
    const key = pair.privateKey
    const message = envelope(stampedType, body, [{ keyid: "one", key }, { keyid: "alias", key }, { key }])
    expect(await refusal(verifier, message)).toBe("ERR_ENVELOPE_THRESHOLD")
  })

  it("may be invalid or of unknown keys if there are enough others", async () => {
    const message = parsed(signer.sign(type, "text"))
    const [signature] = message.signatures as [Json["signatures"][0]]
    message.signatures.unshift({ ...signature, keyid: "two" }, { ...signature, keyid: "nobody" })
    const { keyIds } = await verifierOf({ keys: [one, two] }).verify(JSON.stringify(message))
    expect(keyIds).toEqual(["one"])
  })

  it("do not make a replay a new message when some are removed", async () => {
    const message = await verifierOf().verify(signer.sign(type, "text"))
    const full = parsed(otherSigner.countersign(message))
    const verifier = verifierOf({ keys: [one, two] })
    const [first, second] = full.signatures
    const of = (...signatures: unknown[]) => JSON.stringify({ ...full, signatures })
    await verifier.verify(of(first))
    expect(await refusal(verifier, of(second))).toBe("ERR_ENVELOPE_REPLAYED")
    expect(await refusal(verifier, of(first, second))).toBe("ERR_ENVELOPE_REPLAYED")
    expect(await refusal(verifier, of(second, first))).toBe("ERR_ENVELOPE_REPLAYED")
  })
})

describe("keys", () => {
  const at = (offset: number) => new Date(Date.now() + offset * 1000)

  it("that are unknown are rejected, even under a known key id", async () => {
    const text = otherSigner.sign(type, "text")
    expect(await refusal(verifierOf(), text)).toBe("ERR_ENVELOPE_UNKNOWN_KEY")
    expect(await refusal(verifierOf(), text.replace('"two"', '"one"'))).toBe("ERR_ENVELOPE_SIGNATURE")
    expect(await refusal(verifierOf(), text.replace('"keyid":"two",', ""))).toBe("ERR_ENVELOPE_SIGNATURE")
  })

  it("are all tried if a signature has no key id", async () => {
    for (const keyid of [undefined, "", null]) {
      const message = parsed(otherSigner.sign(type, "text"))
      message.signatures = [{ ...(message.signatures[0] as { sig: string }), keyid: keyid as undefined }]
      expect((await verifierOf({ keys: [one, two] }).verify(JSON.stringify(message))).keyId).toBe("two")
    }
  })

  it("that were revoked get another code than a forged signature", async () => {
    const verifier = verifierOf({ keys: [{ ...one, revoked: true }, two] })
    expect(await refusal(verifier, signer.sign(type, "text"))).toBe("ERR_ENVELOPE_KEY_REVOKED")
    expect(await refusal(verifier, otherSigner.sign(type, "text").replace('"two"', '"one"'))).toBe(
      "ERR_ENVELOPE_SIGNATURE",
    )
    const message = await verifierOf().verify(signer.sign(type, "text"))
    expect((await verifier.verify(otherSigner.countersign(message))).keyIds).toEqual(["two"])
  })

  it.each([
    [{ notBefore: at(60) }, false],
    [{ notAfter: at(-60) }, false],
    [{ notBefore: at(-60), notAfter: at(60).toISOString() }, true],
  ])("are valid only from notBefore to notAfter: %j", async (times, isValid) => {
    for (const replayable of [false, true]) {
      const verifier = verifierOf({ keys: [{ ...one, ...times }], replayable })
      const text = replayable ? plainSigner.sign(type, "text") : signer.sign(type, "text")
      const code = await verifier.verify(text).then(
        () => "accepted",
        (error) => error.code,
      )
      expect(code).toBe(isValid ? "accepted" : "ERR_ENVELOPE_KEY_EXPIRED")
    }
  })

  it("can rotate: the old one verifies messages that it signed in its time and that are not too old", async () => {
    const change = at(-30)
    const next = generateKeyPairSync("ed25519")
    const by = (keyid: "one" | "two", time: Date) => {
      const { privateKey: key } = keyid === "one" ? pair : next
      return envelope(stampedType, stamped(type, keyid, { time }), [{ keyid, key }])
    }
    const rotating = verifierOf({
      keys: [
        { ...one, notAfter: change },
        { key: next.publicKey, keyId: "two", notBefore: change },
      ],
    })
    expect((await rotating.verify(JSON.stringify(by("one", at(-31))))).keyId).toBe("one")
    expect((await rotating.verify(JSON.stringify(by("two", at(-29))))).keyId).toBe("two")
    expect(await refusal(rotating, by("one", at(-29)))).toBe("ERR_ENVELOPE_KEY_EXPIRED")
    expect(await refusal(rotating, by("two", at(-31)))).toBe("ERR_ENVELOPE_KEY_EXPIRED")
    expect(await refusal(rotating, by("one", at(-400)))).toBe("ERR_ENVELOPE_EXPIRED")
  })

  it("can be looked up by a function", async () => {
    const asked: string[] = []
    const verifier = verifierOf({
      resolveKey: async (keyId) => {
        asked.push(keyId)
        return keyId === "one" ? pair.publicKey : keyId === "two" ? { ...two, revoked: true } : null
      },
    })
    expect((await verifier.verify(signer.sign(type, "text"))).keyId).toBe("one")
    expect(await refusal(verifier, otherSigner.sign(type, "text"))).toBe("ERR_ENVELOPE_KEY_REVOKED")
    expect(await refusal(verifier, signer.sign(type, "").replace('"one"', '"__proto__"'))).toBe(
      "ERR_ENVELOPE_UNKNOWN_KEY",
    )
    expect(await refusal(verifier, signer.sign(type, "").replace('"keyid":"one",', ""))).toBe(
      "ERR_ENVELOPE_UNKNOWN_KEY",
    )
    expect(asked).toEqual(["one", "two", "__proto__"])
  })

  it("that cannot be looked up get another code than unknown ones", async () => {
    const cause = new Error("the database is down")
    const verifier = verifierOf({ resolveKey: () => Promise.reject(cause) })
    expect(await failure(() => verifier.verify(signer.sign(type, "")))).toMatchObject({
      code: "ERR_ENVELOPE_UNAVAILABLE",
      cause,
    })
    const wrong = verifierOf({ resolveKey: () => "not a key" })
    expect(await refusal(wrong, signer.sign(type, ""))).toBe("ERR_ENVELOPE_UNAVAILABLE")
  })

  it("are rejected if resolveKey returns a private key", async () => {
    const verifier = verifierOf({ resolveKey: () => pair.privateKey })
    expect(await refusal(verifier, signer.sign(type, ""))).toBe("ERR_ENVELOPE_UNAVAILABLE")
    expect(createPublicKey(pair.privateKey).equals(pair.publicKey)).toBe(true)
  })
})

describe("replays", () => {
  it("are rejected in any form", async () => {
    const verifier = verifierOf()
    const text = signer.sign(type, "text")
    await verifier.verify(text)
    const { payload, payloadType, signatures } = parsed(text)
    const sig = Buffer.from(signatures[0]?.sig as string, "base64").toString("base64url")
    const forms = [text, Buffer.from(text), ` ${text}`, { signatures: [{ sig }], payloadType, payload }]
    for (const form of forms) expect(await refusal(verifier, form)).toBe("ERR_ENVELOPE_REPLAYED")
  })

  it("are detected among messages that are verified at the same time", async () => {
    const verifier = verifierOf({ resolveKey: async () => one })
    const text = signer.sign(type, "text")
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => verifier.verify(text)))
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
  })

  it("do not include two messages with the same content", async () => {
    const verifier = verifierOf()
    await verifier.verify(signer.sign(type, "text"))
    await verifier.verify(signer.sign(type, "text"))
  })

  it("do not include messages that were rejected before", async () => {
    const verifier = verifierOf({ keys: [one, two], threshold: 2 })
    const text = signer.sign(type, "text")
    expect(await refusal(verifier, text)).toBe("ERR_ENVELOPE_THRESHOLD")
    const message = await verifierOf().verify(text)
    expect((await verifier.verify(otherSigner.countersign(message))).keyIds).toEqual(["one", "two"])
  })

  it("are accepted with replayable", async () => {
    const archive = verifierOf({ replayable: true })
    const old = envelope(stampedType, stamped(type, "x", { time: new Date(0) }), [
      { keyid: "one", key: pair.privateKey },
    ])
    for (let times = 0; times < 2; times++) {
      expect((await archive.verify(JSON.stringify(old))).time).toEqual(new Date(0))
      expect((await archive.verify(plainSigner.sign(type, "x"))).time).toBeUndefined()
    }
    expect(await refusal(verifierOf(), old)).toBe("ERR_ENVELOPE_EXPIRED")
  })

  it("are detected by every Verifier that shares a store", async () => {
    const nonces = new MemoryNonceStore()
    const text = signer.sign(type, "text")
    await verifierOf({ nonces }).verify(text)
    expect(nonces.size).toBe(1)
    expect(await refusal(verifierOf({ nonces }), text)).toBe("ERR_ENVELOPE_REPLAYED")
  })

  it("are detected by a custom store", async () => {
    const seen = new Map<string, Date>()
    const nonces = {
      add: async (nonce: string, expires: Date) => !seen.has(nonce) && seen.set(nonce, expires).size > 0,
    }
    const verifier = verifierOf({ nonces, maxAge: 60_000, clockSkew: 2000 })
    const text = signer.sign(type, "text")
    const { time } = await verifier.verify(text)
    expect(await refusal(verifier, text)).toBe("ERR_ENVELOPE_REPLAYED")
    expect([...seen]).toEqual([[expect.stringMatching(/^[\w-]{43}$/), new Date((time as Date).getTime() + 65_000)]])
  })

  it.each([() => Promise.reject(new Error("away")), () => "OK", () => undefined])(
    "are not accepted if the store fails (%s)",
    async (add) => {
      const verifier = verifierOf({ nonces: { add: add as unknown as () => boolean } })
      expect(await refusal(verifier, signer.sign(type, "text"))).toBe("ERR_ENVELOPE_UNAVAILABLE")
    },
  )
})

describe("the time", () => {
  const start = Date.parse("2026-01-01T00:00:00Z")
  const seconds = (count: number) => vi.setSystemTime(start + count * 1000)

  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: start }))
  afterEach(() => void vi.useRealTimers())

  it("in transit is limited, by default to five minutes and ten seconds", async () => {
    const [first, second] = [signer.sign(type, "1"), signer.sign(type, "2")]
    seconds(310)
    expect((await verifierOf().verify(first)).time).toEqual(new Date(start))
    seconds(310.001)
    expect(await refusal(verifierOf(), second)).toBe("ERR_ENVELOPE_EXPIRED")
  })

  it("of the signer may be ten seconds ahead", async () => {
    const [first, second] = [signer.sign(type, "1"), signer.sign(type, "2")]
    seconds(-10)
    await verifierOf().verify(first)
    seconds(-10.001)
    expect(await refusal(verifierOf(), second)).toBe("ERR_ENVELOPE_EXPIRED")
  })

  it("follows maxAge and clockSkew", async () => {
    const verifier = verifierOf({ maxAge: 5000, clockSkew: 0 })
    const [first, second, third] = [1, 2, 3].map(() => signer.sign(type, "")) as [string, string, string]
    seconds(5)
    await verifier.verify(first)
    seconds(5.001)
    expect(await refusal(verifier, second)).toBe("ERR_ENVELOPE_EXPIRED")
    seconds(-0.001)
    expect(await refusal(verifier, third)).toBe("ERR_ENVELOPE_EXPIRED")
  })

  it("after which nonces are forgotten is when their messages are too old", async () => {
    const nonces = new MemoryNonceStore()
    const verifier = verifierOf({ nonces, maxAge: 5000, clockSkew: 1000 })
    const text = signer.sign(type, "text")
    for (let time = 0; time < 100; time++) {
      seconds(time)
      await verifier.verify(signer.sign(type, `${time}`))
      if (time === 0) await verifier.verify(text)
      else expect(await refusal(verifier, text)).toBe(time <= 6 ? "ERR_ENVELOPE_REPLAYED" : "ERR_ENVELOPE_EXPIRED")
      expect(nonces.size).toBeLessThanOrEqual(12)
    }
  })

  it("of the nonce store may be ahead, so that it forgets nonces early", async () => {
    const seen = new Map<string, number>()
    const nonces = {
      add(nonce: string, expires: Date) {
        for (const [key, ends] of seen) if (ends <= Date.now() + 1000) seen.delete(key)
        return !seen.has(nonce) && seen.set(nonce, expires.getTime()).size > 0
      },
    }
    const verifier = verifierOf({ nonces, maxAge: 5000, clockSkew: 1000 })
    const text = signer.sign(type, "text")
    await verifier.verify(text)
    for (const time of [4, 5, 5.5, 6]) {
      seconds(time)
      expect(await refusal(verifier, text)).toBe("ERR_ENVELOPE_REPLAYED")
    }
  })

  it("being set back does not make a replay valid", async () => {
    const verifier = verifierOf()
    const text = signer.sign(type, "text")
    await verifier.verify(text)
    seconds(1000)
    await verifier.verify(signer.sign(type, "later"))
    seconds(1)
    expect(await refusal(verifier, text)).toBe("ERR_ENVELOPE_EXPIRED")
  })

  it("does not matter when the store exceeds its limit: it forgets the oldest nonces, and messages as old are rejected", async () => {
    const nonces = new MemoryNonceStore(10)
    const verifier = verifierOf({ nonces })
    const messages: string[] = []
    for (let time = 0; time < 30; time++) {
      seconds(time)
      messages.push(signer.sign(type, `${time}`))
      await verifier.verify(messages[time] as string)
      expect(nonces.size).toBeLessThanOrEqual(10)
    }
    const codes = await Promise.all(messages.map((text) => refusal(verifier, text)))
    expect(codes).toEqual([...Array(20).fill("ERR_ENVELOPE_EXPIRED"), ...Array(10).fill("ERR_ENVELOPE_REPLAYED")])
  })
})

describe("the options of a Verifier", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["no payload types", { keys: [one] }],
    ["an empty list of payload types", { keys: [one], payloadTypes: [] }],
    ["a payload type that is not a list", { keys: [one], payloadTypes: type }],
    ["the type of the stamp", { keys: [one], payloadTypes: [stampedType] }],
    ["no keys", { payloadTypes: [type] }],
    ["an empty list of keys", { keys: [], payloadTypes: [type] }],
    ["keys and resolveKey", { keys: [one], resolveKey: () => null, payloadTypes: [type] }],
    ["two keys with one id", { keys: [one, { ...two, keyId: "one" }], payloadTypes: [type] }],
    ["a misspelt option", { keys: [one], payloadTypes: [type], maxage: 5 }],
    ["a misspelt option of a key", { keys: [{ ...one, notafter: new Date() }], payloadTypes: [type] }],
    ["an invalid date", { keys: [{ ...one, notAfter: "soon" }], payloadTypes: [type] }],
    ["a date that is null", { keys: [{ ...one, notAfter: null }], payloadTypes: [type] }],
    ["revoked as a string", { keys: [{ ...one, revoked: "no" }], payloadTypes: [type] }],
    ["an infinite maxAge", { keys: [one], payloadTypes: [type], maxAge: Number.POSITIVE_INFINITY }],
    ["a maxAge of 0", { keys: [one], payloadTypes: [type], maxAge: 0 }],
    ["a negative clockSkew", { keys: [one], payloadTypes: [type], clockSkew: -1 }],
    ["a threshold of 0", { keys: [one], payloadTypes: [type], threshold: 0 }],
    ["a store without add()", { keys: [one], payloadTypes: [type], nonces: new Set().values() }],
    ["a resolveKey that is not a function", { resolveKey: {}, payloadTypes: [type] }],
    ["replayable as a number", { keys: [one], payloadTypes: [type], replayable: 1 }],
  ])("cannot be or contain %s", (_, options) => {
    expect(() => new Verifier(options as VerifierOptions)).toThrow(TypeError)
  })

  it("need as many keys as the threshold, and a store for at least one nonce", () => {
    expect(() => new MemoryNonceStore(0)).toThrow(TypeError)
    expect(() => verifierOf({ keys: [one], threshold: 2 })).toThrow(TypeError)
  })
})
