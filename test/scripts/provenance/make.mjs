// Makes the provenance that verify-release.test.ts reads, signed by an authority and logs of its own, whose public half is
// trusted-root.json. In this folder: npm install --no-save --ignore-scripts @sigstore/mock@0.12.1 && node make.mjs

import { createHash, generateKeyPairSync, sign } from "node:crypto"
import { writeFileSync } from "node:fs"
import { createRequire } from "node:module"

const require = createRequire(import.meta.url)
const { fulcioHandler, initializeCA, initializeCTLog, initializeTLog } = require("@sigstore/mock")

const commit = "c0ffee".padEnd(40, "0")
const repository = "example/ohmq"
const ref = "refs/tags/v1.2.3"
const workflow = `${repository}/.github/workflows/release.yml@${ref}`
/** What the tarball of the tests holds. */
const sha512 = createHash("sha512").update("a tarball").digest("hex")

const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" })
const base64 = (bytes) => Buffer.from(bytes).toString("base64")
const keyOf = ({ publicKey }) => publicKey.export({ format: "der", type: "spki" })
const pem = (text) => base64(Buffer.from(text.replace(/-----.*-----|\s/g, ""), "base64"))

const [authority, ctLogKeys, logKeys, signer] = [pair(), pair(), pair(), pair()]
const ctLog = await initializeCTLog(ctLogKeys)
const ca = await initializeCA(authority, ctLog)
const log = await initializeTLog("https://rekor.example", logKeys)

const claims = {
  sub: `https://github.com/${workflow}`,
  iss: "https://token.actions.githubusercontent.com",
  repository,
  ref,
  sha: commit,
}
const token = ["{}", JSON.stringify(claims), ""].map((part) => Buffer.from(part).toString("base64url")).join(".")
const request = {
  credentials: { oidcIdentityToken: token },
  publicKeyRequest: { publicKey: { content: signer.publicKey.export({ format: "pem", type: "spki" }) } },
}
const answer = await fulcioHandler(ca).fn(JSON.stringify(request))
const [leaf] = JSON.parse(answer.response).signedCertificateEmbeddedSct.chain.certificates

const predicateType = "https://slsa.dev/provenance/v1"
const statement = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "pkg:npm/ohmq@1.2.3", digest: { sha512 } }],
  predicateType,
  predicate: {},
}
const payloadType = "application/vnd.in-toto+json"
const payload = JSON.stringify(statement)
const signed = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} ${payload}`
const signature = base64(sign("sha256", Buffer.from(signed), signer.privateKey))

const [entry] = Object.values(
  await log.log({
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      envelopeHash: { algorithm: "sha256", value: "0".repeat(64) },
      payloadHash: { algorithm: "sha256", value: createHash("sha256").update(payload).digest("hex") },
      signatures: [{ signature, verifier: base64(leaf) }],
    },
  }),
)
const { inclusionProof, signedEntryTimestamp } = entry.verification
const bundle = {
  mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
  verificationMaterial: {
    certificate: { rawBytes: pem(leaf) },
    tlogEntries: [
      {
        logIndex: String(entry.logIndex),
        logId: { keyId: base64(Buffer.from(entry.logID, "hex")) },
        kindVersion: { kind: "dsse", version: "0.0.1" },
        integratedTime: String(entry.integratedTime),
        inclusionPromise: { signedEntryTimestamp },
        inclusionProof: {
          logIndex: String(inclusionProof.logIndex),
          rootHash: base64(Buffer.from(inclusionProof.rootHash, "hex")),
          treeSize: String(inclusionProof.treeSize),
          hashes: [],
          checkpoint: { envelope: inclusionProof.checkpoint },
        },
        canonicalizedBody: entry.body,
      },
    ],
  },
  dsseEnvelope: { payload: base64(payload), payloadType, signatures: [{ sig: signature }] },
}

const validFor = { start: "2020-01-01T00:00:00Z" }
const trustedLog = (url, keys) => ({
  baseUrl: url,
  hashAlgorithm: "SHA2_256",
  publicKey: { rawBytes: base64(keyOf(keys)), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
  logId: { keyId: base64(createHash("sha256").update(keyOf(keys)).digest()) },
})
const trustedRoot = {
  mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  tlogs: [trustedLog("https://rekor.example", logKeys)],
  certificateAuthorities: [
    {
      subject: { organization: "sigstore.mock", commonName: "sigstore" },
      uri: "https://fulcio.example",
      certChain: { certificates: [{ rawBytes: base64(ca.rootCertificate) }] },
      validFor,
    },
  ],
  ctlogs: [trustedLog("https://ctlog.example", ctLogKeys)],
  timestampAuthorities: [],
}

const write = (name, value) => writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(value, undefined, 2)}\n`)
write("attestations.json", { attestations: [{ predicateType, bundle }] })
write("trusted-root.json", trustedRoot)
