import { createHash, createPrivateKey, sign } from "node:crypto"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { createAuditLog, openAuditLog, proveInclusion, verifyAuditLog, verifyProof, Witness } from "ohmq-toolkit/audit"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { checkpointOf, failure, filled, newLog, served, temporaryFolder } from "./support.js"

const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const leaf = (i: number) => sha256(Buffer.from([0]), Buffer.from(`entry ${i}`))

/** RFC 6962, section 2.1, word for word: MTH, PATH and SUBPROOF over a list of hashes. */
const split = (n: number) => 2 ** Math.ceil(Math.log2(n) - 1)
function mth(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0] as Buffer
  const k = split(leaves.length)
  return sha256(Buffer.from([1]), mth(leaves.slice(0, k)), mth(leaves.slice(k)))
}
function path(m: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))]
}
function subproof(m: number, leaves: Buffer[], isWhole: boolean): Buffer[] {
  if (m === leaves.length) return isWhole ? [] : [mth(leaves)]
  const k = split(leaves.length)
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), isWhole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))]
}

/** Two full tiles: what a log of any smaller size has is in them. */
const most = 512
const leaves = Array.from({ length: most }, (_, i) => leaf(i))

/** A checkpoint of any size, signed here and not by the log: its root is that of the functions above. */
function signed(folder: string, size: number): string {
  const text = readFileSync(join(folder, "key"), "utf8").trim()
  const [, name = "", id = "", encoded = ""] = /^PRIVATE\+KEY\+([^+]+)\+([^+]+)\+(.+)$/.exec(text) ?? []
  // The DER of an Ed25519 key by RFC 8410, and the seed, which comes after the byte of the type.
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex")
  const der = Buffer.concat([prefix, Buffer.from(encoded, "base64").subarray(1)])
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" })
  const body = `${name}\n${size}\n${mth(leaves.slice(0, size)).toString("base64")}\n`
  const signature = Buffer.concat([Buffer.from(id, "hex"), sign(null, Buffer.from(body), key)])
  return `${body}\n— ${name} ${signature.toString("base64")}\n`
}

describe("a log of every size up to 512", () => {
  const parent = mkdtempSync(join(tmpdir(), "ohmq-audit-"))
  const folder = join(parent, "log")
  const checkpoints: string[] = []
  const proofs: { index: number; size: number; proof: string }[] = []
  let key = ""

  beforeAll(async () => {
    key = await createAuditLog(folder, { name: "audit.example.com/sizes" })
    const log = await openAuditLog(folder)
    await Promise.all(leaves.map((_, i) => log.append(`entry ${i}`)))
    await log.close()
    // What a log of one full tile has.
    writeFileSync(served(folder, "tile/1/000.p/1"), readFileSync(served(folder, "tile/1/000.p/2")).subarray(0, 32))
    const newest = checkpointOf(folder)
    for (let size = 0; size <= most; size++) {
      checkpoints.push(signed(folder, size))
      writeFileSync(served(folder, "checkpoint"), checkpoints[size] as string)
      for (const index of size % 16 === 0 ? [0, (size * 13) >> 4, size - 1] : [(size * 13) >> 4])
        if (index >= 0 && index < size)
          proofs.push({ index, size, proof: proveInclusion(folder, index, { keys: [key] }) })
    }
    writeFileSync(served(folder, "checkpoint"), newest)
  }, 60_000)

  afterAll(() => rmSync(parent, { recursive: true, force: true }))

  it("has the root of RFC 6962", async () => {
    const report = await verifyAuditLog(folder, { keys: [key], checkpoints })
    expect(report.problems).toEqual([])
    expect(report.consistentWith).toEqual(checkpoints.map((_, size) => size))
  })

  it("has proofs of inclusion of RFC 6962, which verify", () => {
    for (const { index, size, proof } of proofs) {
      const hashes = proof.slice(0, proof.indexOf("\n\n")).split("\n").slice(3)
      expect(hashes).toEqual(path(index, leaves.slice(0, size)).map((hash) => hash.toString("base64")))
      expect(verifyProof(proof, { keys: [key] })).toMatchObject({ index, entry: Buffer.from(`entry ${index}`) })
    }
  })

  it("has no proof that verifies after a change of any line", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(proofs.length - 1), fc.nat(), fc.nat(7), async (which, place, bit) => {
        const { proof } = proofs[which] as { proof: string }
        const bytes = Buffer.from(proof)
        const at = place % bytes.length
        bytes[at] = (bytes[at] as number) ^ (1 << bit)
        const { code } = await failure(() => verifyProof(bytes.toString("utf8"), { keys: [key] }))
        expect(["INVALID", "UNTRUSTED"]).toContain(code)
      }),
      { numRuns: 500 },
    )
  })

  it("has checkpoints that a witness cosigns by proofs of RFC 6962, and by no others", async () => {
    const witness = await Witness.open(temporaryFolder(), { name: "w", logs: [key] })
    onTestFinished(() => witness.close())
    let old = 0
    // Ascending sizes, so that every pair has another shape.
    for (let size = 1; size <= most; size += 1 + ((size * 7) % 23)) {
      const proof = old === 0 ? [] : subproof(old, leaves.slice(0, size), true)
      const request = (hashes: Buffer[]) =>
        `old ${old}\n${hashes.map((hash) => `${hash.toString("base64")}\n`).join("")}\n${checkpoints[size]}`
      if (proof.length > 0) {
        const wrong = proof.map((hash, i) => (i === size % proof.length ? sha256(hash) : hash))
        for (const bad of [wrong, proof.slice(1), proof.slice(0, -1), [...proof, sha256()]])
          expect(witness.add(request(bad)).status, `${old} to ${size}`).toBe(422)
      }
      expect(witness.add(request(proof)).status, `${old} to ${size}`).toBe(200)
      old = size
    }
  })
})

describe("proveInclusion", () => {
  it("says which entries there are", async () => {
    const made = await filled(3)
    expect(await failure(() => proveInclusion(made.folder, 3, { keys: [made.key] }))).toEqual({
      code: "NOT_FOUND",
      message: "There is no entry 3: the log has 3 entries, from 0",
    })
  })

  it("makes no proof of an entry that was changed", async () => {
    const made = await filled(3)
    const file = served(made.folder, "tile/entries/000.p/3")
    writeFileSync(file, readFileSync(file, "latin1").replace("entry 1", "Entry 1"), "latin1")
    expect((await failure(() => proveInclusion(made.folder, 1, { keys: [made.key] }))).code).toBe("DAMAGED")
    expect(proveInclusion(made.folder, 2, { keys: [made.key] })).toContain("index 2")
  })

  it("works on proofs without the entry, if that is given", async () => {
    const made = await filled(9)
    const proof = proveInclusion(made.folder, 4, { keys: [made.key] }).replace(/^extra .*\n/m, "")
    expect(verifyProof(proof, { keys: [made.key], entry: Buffer.from("entry 4") }).index).toBe(4)
    expect((await failure(() => verifyProof(proof, { keys: [made.key] }))).message).toMatch(/does not hold the entry/)
    expect((await failure(() => verifyProof(proof, { keys: [made.key], entry: Buffer.from("entry 5") }))).code).toBe(
      "UNTRUSTED",
    )
    const { key: other } = await filled(0)
    expect((await failure(() => verifyProof(proof, { keys: [other] }))).code).toBe("UNTRUSTED")
  })
})

describe("tiles", () => {
  it("have the files of tlog-tiles, and full ones replace partial ones", async () => {
    const { folder, key, log } = await newLog()
    await Promise.all(Array.from({ length: 255 }, (_, i) => log.append(`entry ${i}`)))
    await log.checkpoint()
    expect(existsSync(served(folder, "tile/0/000.p/255"))).toBe(true)
    await log.append("entry 255")
    await log.checkpoint()
    await log.close()
    expect(readFileSync(served(folder, "tile/0/000")).length).toBe(8192)
    expect(readFileSync(served(folder, "tile/1/000.p/1"))).toEqual(mth(leaves.slice(0, 256)))
    expect(existsSync(served(folder, "tile/0/000.p"))).toBe(false)
    expect(checkpointOf(folder)).toContain(`\n256\n${mth(leaves.slice(0, 256)).toString("base64")}\n`)
    expect(key).toContain("+")
  })
})
