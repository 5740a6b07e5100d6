// What a CURVE key looks like. Whether it is valid, only libzmq or the Z85 decoder can say; whether two keys are a pair, `setPair` in
// lib/encryption/security-option.ts checks.

import { isUint8Array } from "node:util/types"

/** A CURVE key: 40 characters of Z85, or 32 bytes. */
export type Key = string | Uint8Array

export const KEY_BYTES = 32
export const KEY_CHARACTERS = 40

/** Whether a value has the type and length of a key. */
export const hasKeyForm = (key: unknown): key is Key =>
  typeof key === "string" ? key.length === KEY_CHARACTERS : isUint8Array(key) && key.length === KEY_BYTES
