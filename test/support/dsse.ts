// A second implementation of the DSSE specification, with which tests compare the library.

import { type KeyObject, sign } from "node:crypto"

/** The bytes that are signed. */
export function preAuthEncoding(type: string, body: Uint8Array): Buffer {
  const typeBytes = Buffer.from(type, "utf8")
  const parts = [
    Buffer.from("DSSEv1"),
    Buffer.from(`${typeBytes.length}`),
    typeBytes,
    Buffer.from(`${body.length}`),
    body,
  ]
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(" "), part])))
}

export interface Json {
  payload: string
  payloadType: string
  signatures: { keyid?: string; sig: string }[]
}

/** The payload type of stamped messages, from docs/signed-messages.md. */
export const stampedType = "application/vnd.ohmq.stamped.v1"

/** A payload after the line that the documentation describes. */
export function stamped(
  type: string,
  body: string,
  { time = new Date(), nonce = "0123456789abcdefghijkl" }: { time?: Date; nonce?: string } = {},
): Buffer {
  return Buffer.from(`{"type":${JSON.stringify(type)},"time":"${time.toISOString()}","nonce":"${nonce}"}\n${body}`)
}

/** An envelope, made as another tool would make it. */
export function envelope(type: string, body: Uint8Array, signers: { keyid?: string; key: KeyObject }[]): Json {
  return {
    payload: Buffer.from(body).toString("base64"),
    payloadType: type,
    signatures: signers.map(({ keyid, key }) => ({
      ...(keyid !== undefined && { keyid }),
      sig: sign(null, preAuthEncoding(type, body), key).toString("base64"),
    })),
  }
}
