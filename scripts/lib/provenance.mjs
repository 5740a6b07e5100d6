// Checks who built a release: verifies the Sigstore signature of its provenance offline. It trusts the authorities and logs of
// scripts/sigstore-root.json; docs/platforms.md says how to renew that file.

import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

/** The extensions with which Sigstore's certificates describe a GitHub Actions run: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const extensions = {
  repository: "1.3.6.1.4.1.57264.1.12",
  commit: "1.3.6.1.4.1.57264.1.13",
  ref: "1.3.6.1.4.1.57264.1.14",
}
const issuer = "https://token.actions.githubusercontent.com"
const provenance = /^https:\/\/slsa\.dev\/provenance\/v\d/

/** The bundle with the provenance, from a response of npm's registry or from the file that GitHub's action writes. */
const findBundle = (document) =>
  document?.dsseEnvelope
    ? document
    : document?.attestations?.find(({ predicateType }) => provenance.test(predicateType))?.bundle

/** The text of an extension, which is an ASN.1 UTF8String of fewer than 256 bytes; undefined if it is missing. */
function textOf(identity, id) {
  const value = identity.oids.find(({ oid }) => oid.id.join(".") === id)?.value
  if (value?.[0] !== 0x0c) return undefined
  return value.subarray(value[1] === 0x81 ? 3 : 2).toString()
}

/** The signed statement of a bundle and its signer. Throws if a signature, certificate or log entry is invalid. */
function open(bundle, trustedRoot) {
  const { bundleFromJSON } = require("@sigstore/bundle")
  const { TrustedRoot } = require("@sigstore/protobuf-specs")
  const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify")
  const parsed = bundleFromJSON(bundle)
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(trustedRoot)))
  const { identity } = verifier.verify(toSignedEntity(parsed))
  const { payloadType, payload } = parsed.content.dsseEnvelope ?? {}
  if (payloadType !== "application/vnd.in-toto+json") throw new Error("it does not contain an in-toto statement")
  return { identity, statement: JSON.parse(payload.toString()) }
}

/**
 * The problems of a provenance as sentences; none if Sigstore certifies that the release workflow of `repository`, at `tag` and `commit`,
 * built a file with one of `hashes` (`{sha256, sha512}`).
 */
export function provenanceProblems(document, trustedRoot, { repository, tag, commit, hashes }) {
  const bundle = findBundle(document)
  if (bundle === undefined) return ["contains no SLSA provenance"]
  let opened
  try {
    opened = open(bundle, trustedRoot)
  } catch (error) {
    return [`its signature is invalid: ${error.message}`]
  }
  const { identity, statement } = opened
  const problems = []
  const must = (found, expected, what) => {
    if (found !== expected) problems.push(`${what} ${found}, not ${expected}`)
  }
  const workflow = `${repository}/.github/workflows/release.yml@refs/tags/${tag}`
  must(identity.extensions.issuer, issuer, "the issuer of its certificate is")
  must(identity.subjectAlternativeName, workflow, "it is signed by")
  must(textOf(identity, extensions.repository), repository, "it was built from")
  must(textOf(identity, extensions.ref), `refs/tags/${tag}`, "it was built at")
  must(textOf(identity, extensions.commit), commit, "it was built from commit")
  if (!provenance.test(statement.predicateType)) problems.push(`it states ${statement.predicateType}, not a provenance`)
  const fits = ({ digest }) => Object.entries(hashes).some(([name, hash]) => digest?.[name] === hash)
  if (!statement.subject?.some(fits)) problems.push("it is for another tarball")
  return problems
}
