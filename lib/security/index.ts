/**
 * Access, certificates and signed messages. It uses the public API of ohmq only.
 *
 * @module ohmq/security
 */

import { makeReplaceable } from "../base/exports.js"

export type {
  ClientSecurity,
  Guard,
  Key,
  KeyPair,
  PlainClientSecurity,
  PlainServerSecurity,
  ServerSecurity,
  SocketSecurity,
} from "../index.js"
export type { AddressPolicy } from "./access/addresses.js"
export type { AuditEvent, AuthenticatorEvents, RevokedEvent } from "./access/audit.js"
export { Authenticator, type AuthenticatorOptions } from "./access/authenticator.js"
export type { GuardedConnection } from "./access/connections.js"
export type { FailureLimit } from "./access/failure-limit.js"
export {
  hashPassword,
  PasswordFile,
  type PasswordFileEvents,
  type UserChange,
  verifyPassword,
} from "./access/passwords.js"
export type {
  Applicant,
  CurveApplicant,
  Decision,
  DomainPolicy,
  GssapiApplicant,
  Handler,
  Identity,
  PlainApplicant,
} from "./access/policy.js"
export { type Received, SenderError, type SenderOptions, verifiedSender } from "./access/verified-sender.js"
export type { Mechanism } from "./access/zap.js"
export {
  Certificate,
  type EnvironmentOptions,
  generateKeyPair,
  type KeyMaterial,
  publicKeyFrom,
  type SaveOptions,
  type VaultOptions,
} from "./certificates/certificate.js"
export { CertificateStore, type KeyChange, type StoreEvents } from "./certificates/certificate-store.js"
export { z85Decode, z85Encode } from "./certificates/z85.js"
export { EnvelopeError, type EnvelopeErrorCode } from "./signing/envelope-error.js"
export { MemoryNonceStore, type NonceStore } from "./signing/nonce-store.js"
export { Signer, type SignerOptions } from "./signing/signer.js"
export type { JsonWebKey, KeyInput, VerificationKey } from "./signing/signing-keys.js"
export type { VerifiedMessage } from "./signing/verified-message.js"
export { Verifier, type VerifierOptions } from "./signing/verifier.js"

makeReplaceable(exports)
