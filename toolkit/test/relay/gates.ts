// A relay with a gate, and peers that have certificates.

import { generateKeyPairSync } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Dealer } from "ohmq"
import { type Certificate, generateKeyPair } from "ohmq/security"
import { createEvent, encode } from "ohmq-toolkit/events"
import { onTestFinished } from "vitest"
import { freePort } from "./support.js"

/** Certificates in a folder, and where the gate listens. */
export interface GatePlace {
  readonly folder: string
  readonly endpoint: string
  /** The YAML of the source, without its name. */
  source(options?: string): string
  /** A socket of someone who has a certificate. */
  dealer(name: string): Dealer
}

/** Makes the certificates of a gate and of its peers: `NAME.key`, `NAME.key_secret`, and `clients/`. */
export async function gatePlace(
  folder: string,
  names: readonly string[] = ["ci", "alice", "mallory"],
): Promise<GatePlace> {
  const server = generateKeyPair({ name: "relay" })
  await server.save(join(folder, "relay.key"))
  mkdirSync(join(folder, "clients"), { mode: 0o700 })
  const certificates = new Map<string, Certificate>()
  for (const name of names) {
    const certificate = generateKeyPair({ name })
    certificates.set(name, certificate)
    await certificate.save(join(folder, `${name}.key`))
    await certificate.public.save(join(folder, "clients", `${name}.key`))
  }
  const endpoint = `tcp://127.0.0.1:${await freePort()}`
  return {
    folder,
    endpoint,
    source: (options = "deciders: [alice]") =>
      `{ type: gate, bind: "${endpoint}", security: { cert: ./relay.key_secret, clients: ./clients }, ${options} }`,
    dealer: (name) => {
      const client = certificates.get(name) as Certificate
      const dealer = new Dealer({ security: { client, serverKey: server.publicKey }, linger: 0 })
      onTestFinished(() => dealer.close())
      dealer.connect(endpoint)
      return dealer
    },
  }
}

/** The configuration of a relay with this gate, named `deploys`, and a file of all events. */
export const gateConfig = (gate: string, more = ""): string => `version: 1
store: { path: ./data }
sources:
  deploys: ${gate}
${more}
routes:
  - { name: all, from: [deploys], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`

/** The frames of a request. */
export const request = (id: string, data: unknown = { request: "deploy.production" }, more: object = {}) =>
  encode(createEvent({ id, source: "/job", type: "gate.requested", data, ...more }))

/** The frames of a decision. */
export const decision = (id: string, decided: string, more: object = {}, event: object = {}) =>
  encode(createEvent({ source: "/chat", type: "gate.decided", data: { id, decision: decided, ...more }, ...event }))

/** The next message of a socket. */
export const answerOf = async (dealer: Dealer): Promise<string[]> => (await dealer.receive()).map(String)

/** Sends a message, and resolves to the answer. */
export async function tell(dealer: Dealer, frames: readonly (Uint8Array | string)[]): Promise<string[]> {
  await dealer.send([...frames] as Buffer[])
  return answerOf(dealer)
}

/** A pair of keys to sign with: `sign.key` and `sign.pub`. */
export function signingKeys(folder: string): void {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  writeFileSync(join(folder, "sign.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 })
  writeFileSync(join(folder, "sign.pub"), publicKey.export({ type: "spki", format: "pem" }))
}
