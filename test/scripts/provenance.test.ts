import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { root } from "../support/process.js"

const { provenanceProblems } = await import(path.join(root, "scripts/lib/provenance.mjs"))

const read = (file: string) => JSON.parse(readFileSync(path.join(root, file), "utf8"))
/** provenance/make.mjs makes these two. */
const document = read("test/scripts/provenance/attestations.json")
const trustedRoot = read("test/scripts/provenance/trusted-root.json")
const [{ bundle }] = document.attestations

const commit = "c0ffee".padEnd(40, "0")
const repository = "https://github.com/example/ohmq"
const release = `${repository}/.github/workflows/release.yml@refs/tags/v1.2.3`
const sha512 = createHash("sha512").update("a tarball").digest("hex")
const expected = { repository, tag: "v1.2.3", commit, hashes: { sha256: "0".repeat(64), sha512 } }

/** A copy of the bundle with another statement, under the old signature. */
function restated(change: (statement: { subject: { digest: object }[] }) => void) {
  const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString())
  change(statement)
  const payload = Buffer.from(JSON.stringify(statement)).toString("base64")
  return { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload } }
}

describe("provenanceProblems", () => {
  it("has none with what the release workflow signed, as npm and as GitHub give it", () => {
    expect(provenanceProblems(document, trustedRoot, expected)).toEqual([])
    expect(provenanceProblems(bundle, trustedRoot, expected)).toEqual([])
  })

  it.each([
    [{ hashes: { sha512: "0".repeat(128) } }, ["it is for another tarball"]],
    [{ commit: "0".repeat(40) }, [`it was built from commit ${commit}, not ${"0".repeat(40)}`]],
    [
      { tag: "v1.2.30" },
      [`it is signed by ${release}, not ${release}0`, "it was built at refs/tags/v1.2.3, not refs/tags/v1.2.30"],
    ],
    [
      { repository: "https://github.com/else/ohmq" },
      [
        `it is signed by ${release}, not ${release.replace("example", "else")}`,
        `it was built from ${repository}, not https://github.com/else/ohmq`,
      ],
    ],
  ])("refuses it for %j", (change, problems) => {
    expect(provenanceProblems(document, trustedRoot, { ...expected, ...change })).toEqual(problems)
  })

  it("refuses a statement that was changed after it was signed", () => {
    const changed = restated(({ subject }) => subject.push({ digest: { sha256: expected.hashes.sha256 } }))
    const [problem, ...others] = provenanceProblems(changed, trustedRoot, expected)
    expect(problem).toMatch(/^its signature is invalid: /)
    expect(others).toEqual([])
  })

  it("refuses a signature that no log has", () => {
    const verificationMaterial = { ...bundle.verificationMaterial, tlogEntries: [] }
    const [problem] = provenanceProblems({ ...bundle, verificationMaterial }, trustedRoot, expected)
    expect(problem).toMatch(/^its signature is invalid: /)
  })

  it("refuses a certificate that Sigstore's own authority did not issue", () => {
    const [problem] = provenanceProblems(document, read("scripts/sigstore-root.json"), expected)
    expect(problem).toBe("its signature is invalid: Failed to verify certificate chain")
  })

  it.each([[undefined], [{}], [{ attestations: [{ predicateType: "https://example.com/else", bundle }] }]])(
    "finds none in %j",
    (empty) => {
      expect(provenanceProblems(empty, trustedRoot, expected)).toEqual(["contains no SLSA provenance"])
    },
  )
})
