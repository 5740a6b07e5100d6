// What users import from ohmq/security. It stands on the public API of ohmq alone.

import { makeReplaceable } from "../exports.js"

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
export type { AddressPolicy } from "./addresses.js"
export type { AuditEvent, AuthenticatorEvents, RevokedEvent } from "./audit.js"
export { Authenticator, type AuthenticatorOptions } from "./authenticator.js"
export {
  Certificate,
  type EnvironmentOptions,
  generateKeyPair,
  type KeyMaterial,
  publicKeyFrom,
  type SaveOptions,
  type VaultOptions,
} from "./certificate.js"
export { CertificateStore, type StoreEvents } from "./certificate-store.js"
export { EnvelopeError, type EnvelopeErrorCode } from "./envelope-error.js"
export type { FailureLimit } from "./failure-limit.js"
export { MemoryNonceStore, type NonceStore } from "./nonce-store.js"
export { hashPassword, PasswordFile, verifyPassword } from "./passwords.js"
export type { Applicant, Decision, DomainPolicy, Identity } from "./policy.js"
export { type Received, SenderError, type SenderOptions, verifiedSender } from "./sender.js"
export { Signer, type SignerOptions } from "./signer.js"
export type { JsonWebKey, KeyInput, VerificationKey } from "./signing-keys.js"
export type { VerifiedMessage } from "./verified-message.js"
export { Verifier, type VerifierOptions } from "./verifier.js"
export { z85Decode, z85Encode } from "./z85.js"
export type { Mechanism } from "./zap.js"

makeReplaceable(exports)
