// What depends on the types of Node.js, of which programs have any version: emitters, keys, streams, Buffers, signals.

import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { once } from "node:events"

import * as zmq from "ohmq"
import { json, prefixed, withCodec } from "ohmq/codec"
import * as draft from "ohmq/draft"
import {
  type Authenticator,
  Certificate,
  type CertificateStore,
  type JsonWebKey,
  type KeyInput,
  type PasswordFile,
  Signer,
  Verifier,
} from "ohmq/security"
import * as v5 from "ohmq/v5-compat"

export function keys(): KeyInput[] {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const exported: JsonWebKey = publicKey.export({ format: "jwk" })
  const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
  const written: JsonWebKey = { kty: "OKP", crv: "Ed25519", x, kid: "1", use: "sig" }
  const signer = new Signer({ key: privateKey.export({ format: "jwk" }), keyId: "mine" })
  const object: KeyObject = signer.publicKey
  new Verifier({ keys: [exported, { key: object, notBefore: new Date() }], payloadTypes: ["text/plain"] })
  return [exported, written, object, "PEM", Buffer.from("PEM"), new Uint8Array(3)]
}

export function emitters(authenticator: Authenticator, store: CertificateStore, passwords: PasswordFile): string[] {
  const told: string[] = []
  authenticator
    .on("denied", ({ reason, address }) => told.push(reason, address))
    .once("revoked", ({ connections }) => told.push(connections.toFixed()))
    .addListener("problem", ({ message }) => told.push(message))
    .off("allowed", () => {})
  store.on("change", ({ added, removed }) => told.push(...added, ...removed)).removeAllListeners()
  passwords.prependListener("change", ({ removed }) => told.push(...removed))
  return told
}

export async function sockets(signal: AbortSignal): Promise<Buffer | undefined> {
  const router = new zmq.Router({ routingId: Buffer.from("me") })
  router.peerEvents
    .on("connect", (routingId) => routingId.toString("hex"))
    .once("disconnect", (id: Buffer) => id.length)
  router.events.on("accept", ({ fd }) => fd?.toFixed()).off("bind", () => {})
  await once(router.peerEvents, "connect", { signal })
  router.toReadable().pipe(router.toWritable())
  router.toReadableStream().getReader()
  const [routingId, body]: Buffer[] = await router.receive({ signal, timeout: 100 })
  const [topic, value] = await withCodec(router, prefixed(json<number>())).receive()
  topic.writeUInt8(value)
  const server = new draft.Server()
  server.peerEvents.on("connect", (number) => number.toFixed())
  v5.socket("sub")
    .on("message", (topic: Buffer) => topic.toString())
    .monitor()
  return routingId?.equals(body as Buffer) ? body : (Certificate.generate().secretKey ?? undefined)
}
