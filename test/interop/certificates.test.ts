// Certificate files of pyzmq and CZMQ are ohmq's, and ohmq's are theirs.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import * as zmq from "ohmq"
import { Authenticator, Certificate, CertificateStore, generateKeyPair, z85Encode } from "ohmq/security"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"

import { failure, open } from "../support/sockets.js"
import type { Peer } from "./peer.mjs"
import { peers, prepare } from "./peers.mjs"
import { sendIfPossible } from "./refusals.mjs"

const secretText = (certificate: Certificate) => z85Encode(certificate.secretKey as Buffer)

const build = mkdtempSync(path.join(tmpdir(), "ohmq-interop-"))
afterAll(() => rmSync(build, { recursive: true, force: true }))

describe.each(peers.filter(({ name }) => ["pyzmq", "CZMQ"].includes(name)))("certificates of $name", (described) => {
  let start: Awaited<ReturnType<typeof prepare>>
  let peer: Peer

  beforeAll(async () => {
    start = await prepare(described, build)
    peer = await start()
  }, 60_000)
  afterAll(() => peer?.end())

  function folder(): string {
    const name = mkdtempSync(path.join(build, "keys-"))
    mkdirSync(path.join(name, "clients"), 0o755)
    return name
  }

  /** A certificate that the peer has made. */
  async function theirs(name: string, where = folder()) {
    const file = path.join(where, `${name}.key`)
    await peer.ask("save", file, name)
    // pyzmq leaves the mode to the umask, and ohmq takes no secret key that others can read.
    chmodSync(`${file}_secret`, 0o600)
    const [publicKey, secretKey] = ((await peer.ask("load", `${file}_secret`)) as string).split(" ")
    return { file, publicKey: publicKey as string, secretKey: secretKey as string }
  }

  it("are loaded, public and secret", async () => {
    const made = await theirs("bob")
    const known = await Certificate.load(made.file)
    const secret = await Certificate.load(`${made.file}_secret`)
    // pyzmq writes what else there is into the secret file alone.
    const name = described.name === "pyzmq" ? undefined : "bob"
    expect([known.publicKey, known.hasSecretKey, known.metadata.name]).toEqual([made.publicKey, false, name])
    expect([secret.publicKey, secretText(secret), secret.metadata.name]).toEqual([
      made.publicKey,
      made.secretKey,
      "bob",
    ])
  })

  it("are refused while others can read the secret key", async () => {
    const { file } = await theirs("bob")
    chmodSync(`${file}_secret`, 0o644)
    expect((await failure(() => Certificate.load(`${file}_secret`))).message).toMatch(/chmod 600 .*bob\.key_secret/)
  })

  it("are found in a folder", async () => {
    const where = folder()
    const made = await Promise.all([theirs("bob", where), theirs("carol", where)])
    const store = CertificateStore.open(where)
    onTestFinished(() => store.close())
    await store.ready
    expect(store.certificates.map(({ publicKey }) => publicKey).sort()).toEqual(
      made.map(({ publicKey }) => publicKey).sort(),
    )
    expect((await store.find(made[0]?.publicKey as string))?.metadata.name).toBe("bob")
  })

  it("are loaded there, when ohmq has made them", async () => {
    const ours = generateKeyPair({ name: "ohmq one", quoted: "it's ok", more: 'a "b"' })
    const file = path.join(folder(), "ours.key")
    await ours.save(file)
    expect(statSync(`${file}_secret`).mode & 0o777).toBe(0o600)
    // Beside a secret file, CZMQ takes that one.
    const known = path.join(folder(), "ours.key")
    await ours.public.save(known)
    expect(await peer.ask("load", known)).toBe(`${ours.publicKey} -`)
    expect(await peer.ask("load", `${file}_secret`)).toBe(`${ours.publicKey} ${secretText(ours)}`)
  })

  it("let its clients in to ohmq, and no others", async () => {
    const where = folder()
    const bob = await theirs("bob", where)
    const stranger = await theirs("stranger")
    const server = await theirs("server")
    const context = new zmq.Context()
    const authenticator = new Authenticator({ context, curve: where })
    onTestFinished(() => authenticator.close())
    const denied = new Promise((resolve) => authenticator.on("denied", resolve))
    const pull = open(zmq.Pull, {
      context,
      security: { server: await Certificate.load(`${server.file}_secret`), authenticator },
    })
    await pull.bind("tcp://127.0.0.1:*")
    await peer.open("PUSH", ["curve-client", stranger.publicKey, stranger.secretKey, server.publicKey])
    await peer.connect(pull.lastEndpoint as string)
    await sendIfPossible(peer)
    expect(await denied).toMatchObject({ publicKey: stranger.publicKey, reason: "unknown key" })
    await peer.close()
    await peer.open("PUSH", ["curve-client", bob.publicKey, bob.secretKey, server.publicKey])
    await peer.connect(pull.lastEndpoint as string)
    await peer.send(["from bob"])
    const { parts, userId } = await pull.receiveWithMetadata({ timeout: 10_000 })
    expect([String(parts), userId]).toEqual(["from bob", "bob"])
    await peer.close()
  })

  it("of ohmq let ohmq in to its authenticator, and no others", async () => {
    const where = folder()
    const alice = generateKeyPair({ name: "alice" })
    await alice.public.save(path.join(where, "clients", "alice.key"))
    const server = await theirs("server", where)
    writeFileSync(path.join(where, "passwords"), "alice=x\n")
    const guarded = await start()
    onTestFinished(() => guarded.end())
    await guarded.ask("authenticate", where)
    await guarded.open("PULL", ["curve-server", server.publicKey, server.secretKey])
    const endpoint = (await guarded.bind("tcp://127.0.0.1:*")) as string
    const serverKey = await Certificate.load(server.file)

    const stranger = open(zmq.Push, {
      linger: 0,
      sendTimeout: 5000,
      security: { client: generateKeyPair(), serverKey },
    })
    const refused = stranger.events.waitFor("handshake:error:auth", { timeout: 10_000 })
    stranger.connect(endpoint)
    await sendIfPossible(stranger)
    expect((await refused).error.status).toBe(400)

    const push = open(zmq.Push, { linger: 0, security: { client: alice, serverKey } })
    push.connect(endpoint)
    await push.send("from alice")
    expect(String(await guarded.receive())).toBe("from alice")
  })
})
