// Who may connect: the same keys, user and password for every peer, in a folder that ohmq has written.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { generateKeyPair, z85Encode } from "ohmq/security"

export const secretOf = (certificate) => z85Encode(certificate.secretKey)

export async function makeKeys() {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-interop-"))
  const server = generateKeyPair({ name: "server" })
  const alice = generateKeyPair({ name: "alice" })
  const clients = path.join(folder, "clients")
  mkdirSync(clients, 0o755)
  await alice.public.save(path.join(clients, "alice.key"))
  writeFileSync(path.join(folder, "passwords"), "alice=open-sesame\n")
  return {
    folder,
    clients,
    server,
    alice,
    password: "open-sesame",
    /** In nobody's folder. */
    mallory: generateKeyPair({ name: "mallory" }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** What both sides are told, by mechanism: `ours` are options of an ohmq socket, `theirs` the words for a peer. */
export const setups = {
  null: () => ({
    server: { ours: {}, theirs: ["null"] },
    client: { ours: {}, theirs: ["null"] },
  }),
  plain: ({ password }, authenticator, said = password) => ({
    server: { ours: { security: { plainServer: true, authenticator } }, theirs: ["plain-server"] },
    client: { ours: { security: { username: "alice", password: said } }, theirs: ["plain-client", "alice", said] },
  }),
  /** Over tcp, `security` refuses it, so here it is set up by the options of zeromq. */
  plainOverTcp: ({ password }, _, said = password) => ({
    server: { ours: { plainServer: true, zapDomain: "global", zapEnforceDomain: true }, theirs: ["plain-server"] },
    client: {
      ours: { plainUsername: "alice", plainPassword: said },
      theirs: ["plain-client", "alice", said],
    },
  }),
  curve: ({ server, alice }, authenticator) => ({
    server: {
      ours: { security: { server, authenticator } },
      theirs: ["curve-server", server.publicKey, secretOf(server)],
    },
    client: {
      ours: { security: { client: alice, serverKey: server.publicKey } },
      theirs: ["curve-client", alice.publicKey, secretOf(alice), server.publicKey],
    },
  }),
}
