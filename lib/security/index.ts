// The subpath "ohmq/security".

export { EnvelopeError, type EnvelopeErrorCode } from "./envelope-error.js"
export { MemoryNonceStore, type NonceStore } from "./nonce-store.js"
export { Signer, type SignerOptions } from "./signer.js"
export type { KeyInput, VerificationKey } from "./signing-keys.js"
export type { VerifiedMessage } from "./verified-message.js"
export { Verifier, type VerifierOptions } from "./verifier.js"
