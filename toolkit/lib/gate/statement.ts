// A signed decision: an in-toto Statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) in a DSSE envelope. Its
// subject is the request, by id and digest, so that no answer can be passed off as that to another request.

import { EnvelopeError, Signer, type SignerOptions, Verifier } from "ohmq/security"
import { type Outcome, outcomes } from "./decision.js"
import type { GateRequest } from "./request.js"

/** The payload type of in-toto statements in DSSE envelopes. */
const payloadType = "application/vnd.in-toto+json"
const statementType = "https://in-toto.io/Statement/v1"

/** The type of the predicate, which docs/ci.md describes. */
export const predicateType = "urn:x-ohmq:gate-decision:v1"

/** What is signed about a request. */
export type SignedRequest = Pick<GateRequest, "id" | "request" | "digest">

/** What was decided, as the signature covers it. */
export interface SignedDecision {
  /** What was asked for. */
  readonly request: string
  /** Whether it is allowed. */
  readonly decision: Outcome
  /** Why. At most 2,000 characters. */
  readonly reason: string
  /** When it was signed, as RFC 3339 says. */
  readonly decidedAt: string
  /** Until when it holds, as RFC 3339 says. */
  readonly expiresAt: string
}

/** A decision whose signature was checked. */
export interface VerifiedDecision extends SignedDecision {
  /** The id of the key that signed it. */
  readonly keyId: string
}

/** An answer that must not be trusted. */
export class StatementError extends Error {
  override readonly name = "StatementError"
}

/**
 * Signs a decision.
 *
 * @param key The Ed25519 key: a PEM file that only its owner can read, or the PEM itself.
 * @param validMs How long the decision holds, in milliseconds.
 * @returns The DSSE envelope, as JSON text.
 */
export function signDecision(
  { id, request, digest }: SignedRequest,
  { decision, reason }: { decision: Outcome; reason: string },
  key: Pick<SignerOptions, "key" | "file">,
  validMs: number,
): string {
  const now = Date.now()
  const predicate: SignedDecision = {
    request,
    decision,
    reason,
    decidedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + validMs).toISOString(),
  }
  const subject = [{ name: id, digest: { sha256: digest } }]
  return new Signer({ ...key, replayable: true }).sign(payloadType, {
    _type: statementType,
    subject,
    predicateType,
    predicate,
  })
}

/** A verifier of decisions. @param keys PEM files of public keys, or the PEM itself. */
export const decisionVerifier = (keys: readonly ({ file: string } | { key: string })[]): Verifier =>
  new Verifier({ keys, payloadTypes: [payloadType], replayable: true, maxSize: 64 << 10 })

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isTime = (value: unknown): value is string => typeof value === "string" && !Number.isNaN(Date.parse(value))

/**
 * Verifies a signed decision on exactly this request.
 *
 * @throws {@link StatementError} that says why it must not be trusted
 */
export async function verifyDecision(
  statement: string | undefined,
  verifier: Verifier,
  expected: SignedRequest,
): Promise<VerifiedDecision> {
  if (statement === undefined) throw new StatementError("The decision is not signed")
  let keyId: string
  let value: unknown
  try {
    const message = await verifier.verify(statement)
    keyId = message.keyId
    value = JSON.parse(message.payload.toString("utf8"))
  } catch (error) {
    if (error instanceof EnvelopeError) throw new StatementError(`${error.message} (${error.code})`)
    throw new StatementError("The signed statement is not JSON")
  }
  if (!isObject(value) || value._type !== statementType)
    throw new StatementError(`What is signed is not an in-toto statement (${statementType})`)
  if (value.predicateType !== predicateType || !isObject(value.predicate))
    throw new StatementError(`The statement is not a decision of a gate (${predicateType})`)
  const [subject, ...others] = Array.isArray(value.subject) ? (value.subject as unknown[]) : []
  if (others.length > 0 || !isObject(subject) || subject.name !== expected.id)
    throw new StatementError("The signed decision is about another request: its id differs")
  if (!isObject(subject.digest) || subject.digest.sha256 !== expected.digest)
    throw new StatementError("The signed decision is about a request with other data")
  const { request, decision, reason, decidedAt, expiresAt } = value.predicate
  if (request !== expected.request)
    throw new StatementError(`The signed decision is about another request than ${expected.request}`)
  const outcome = outcomes.find((one) => one === decision)
  if (outcome === undefined || typeof reason !== "string" || !isTime(decidedAt) || !isTime(expiresAt))
    throw new StatementError("The signed decision is incomplete")
  if (Date.parse(expiresAt) <= Date.now()) throw new StatementError(`The signed decision has expired at ${expiresAt}`)
  return { request, decision: outcome, reason, decidedAt, expiresAt, keyId }
}
