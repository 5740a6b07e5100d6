// Who built a release: the signature of Sigstore on its provenance, checked without a network. Trusted are the authorities and logs
// of scripts/sigstore-root.json; docs/platforms.md tells how to renew it.

import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

/** What Sigstore's certificates say of a run of GitHub Actions: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const extensions = {
  repository: "1.3.6.1.4.1.57264.1.12",
  commit: "1.3.6.1.4.1.57264.1.13",
  ref: "1.3.6.1.4.1.57264.1.14",
}
const issuer = "https://token.actions.githubusercontent.com"
const provenance = /^https:\/\/slsa\.dev\/provenance\/v\d/

/** The bundle with the provenance: in what npm's registry answers, or as GitHub's action writes it, alone. */
const findBundle = (document) =>
  document?.dsseEnvelope
    ? document
    : document?.attestations?.find(({ predicateType }) => provenance.test(predicateType))?.bundle

/** The text of an extension, which is a UTF8String of ASN.1 with fewer than 256 bytes, or undefined. */
function textOf(identity, id) {
  const value = identity.oids.find(({ oid }) => oid.id.join(".") === id)?.value
  if (value?.[0] !== 0x0c) return undefined
  return value.subarray(value[1] === 0x81 ? 3 : 2).toString()
}

/** The signed statement of a bundle and who signed it. Throws if any signature, certificate or entry of a log is not right. */
function open(bundle, trustedRoot) {
  const { bundleFromJSON } = require("@sigstore/bundle")
  const { TrustedRoot } = require("@sigstore/protobuf-specs")
  const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify")
  const parsed = bundleFromJSON(bundle)
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(trustedRoot)))
  const { identity } = verifier.verify(toSignedEntity(parsed))
  const { payloadType, payload } = parsed.content.dsseEnvelope ?? {}
  if (payloadType !== "application/vnd.in-toto+json") throw new Error("it signs no statement")
  return { identity, statement: JSON.parse(payload.toString()) }
}

/**
 * What is wrong with a provenance: sentences, none if Sigstore has certified that the release workflow of `repository`, at `tag` and
 * `commit`, signed that it built a file with one of `hashes` (`{sha256, sha512}`).
 */
export function provenanceProblems(document, trustedRoot, { repository, tag, commit, hashes }) {
  const bundle = findBundle(document)
  if (bundle === undefined) return ["holds no SLSA provenance"]
  let opened
  try {
    opened = open(bundle, trustedRoot)
  } catch (error) {
    return [`its signature is not valid: ${error.message}`]
  }
  const { identity, statement } = opened
  const problems = []
  const must = (found, expected, what) => {
    if (found !== expected) problems.push(`${what} ${found}, not ${expected}`)
  }
  const workflow = `${repository}/.github/workflows/release.yml@refs/tags/${tag}`
  must(identity.extensions.issuer, issuer, "its signer is vouched for by")
  must(identity.subjectAlternativeName, workflow, "signed by")
  must(textOf(identity, extensions.repository), repository, "built from")
  must(textOf(identity, extensions.ref), `refs/tags/${tag}`, "built at")
  must(textOf(identity, extensions.commit), commit, "built from commit")
  if (!provenance.test(statement.predicateType)) problems.push(`states ${statement.predicateType}, not a provenance`)
  const fits = ({ digest }) => Object.entries(hashes).some(([name, hash]) => digest?.[name] === hash)
  if (!statement.subject?.some(fits)) problems.push("attests another tarball")
  return problems
}
