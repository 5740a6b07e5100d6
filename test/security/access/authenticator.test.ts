import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { once } from "node:events"
import { renameSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import path from "node:path"
import { inspect } from "node:util"

import * as zmq from "ohmq"
import {
  type Applicant,
  type AuditEvent,
  Authenticator,
  CertificateStore,
  type DomainPolicy,
  generateKeyPair,
  hashPassword,
  SenderError,
  verifiedSender,
  verifyPassword,
  z85Decode,
} from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { eventually, failure, freeAddress, open, texts, thrown } from "../../support/sockets.js"
import { alice, ask, authenticate, bob, folder, request, server } from "../support.js"

const key = (publicKey: string) => z85Decode(publicKey)

/** A guarded Pull, and a Push of a client that sends its name. */
async function guarded(policy: DomainPolicy & { domain?: string }) {
  const { domain, ...rest } = policy
  const made = authenticate(rest)
  const pull = open(zmq.Pull, {
    context: made.context,
    security: { server, authenticator: made.authenticator, domain },
  })
  await pull.bind(freeAddress("tcp"))
  const push = (client: typeof alice) => {
    const socket = open(zmq.Push, { security: { client, serverKey: server }, reconnectInterval: 5, linger: 0 })
    socket.connect(pull.lastEndpoint as string)
    return socket
  }
  return { ...made, pull, push }
}

describe("CURVE", () => {
  const sources: [string, () => DomainPolicy["curve"]][] = [
    ["a list", () => [alice]],
    ["public keys", () => [alice.publicKey]],
    ["a store", () => new CertificateStore([alice])],
    [
      "a function",
      () =>
        ({ publicKey }) =>
          publicKey === alice.publicKey && "alice",
    ],
    [
      "an async function",
      () =>
        async ({ publicKey }) =>
          publicKey === alice.publicKey ? { userId: "alice" } : null,
    ],
  ]

  it.each(sources)("with %s allows known keys, returns their user ids, and denies others", async (_, source) => {
    const { pull, push, told } = await guarded({ curve: source() })
    await push(bob).send("from bob")
    await eventually(() => expect(told.some(({ outcome }) => outcome === "denied")).toBe(true))
    await push(alice).send("from alice")
    const message = await pull.receiveWithMetadata({ timeout: 5000 })
    expect(texts(message.parts)).toEqual(["from alice"])
    expect(["alice", alice.publicKey]).toContain(message.userId)
    expect(pull.tryReceive()).toBeUndefined()
    const [denied] = told.filter(({ outcome }) => outcome === "denied")
    expect(denied).toMatchObject({
      publicKey: bob.publicKey,
      address: "127.0.0.1",
      domain: "global",
      mechanism: "CURVE",
      userId: null,
    })
  })

  it("with a folder follows its files", async () => {
    const here = folder()
    await alice.savePublic(path.join(here, "a.key"))
    const { context, authenticator } = authenticate({ curve: here })
    const status = async (publicKey: string) => (await ask(context, request("CURVE", [key(publicKey)])))[2]
    expect(await status(alice.publicKey)).toBe("200")
    expect(await status(bob.publicKey)).toBe("400")
    await bob.savePublic(path.join(here, "b.key"))
    await eventually(async () => expect(await status(bob.publicKey)).toBe("200"))
    // At once, even before the watcher notices.
    rmSync(path.join(here, "a.key"))
    expect(await status(alice.publicKey)).toBe("400")
    // Another key in the same file.
    const next = generateKeyPair({ name: "bob" })
    await next.savePublic(path.join(here, "b.key"))
    expect(await status(bob.publicKey)).toBe("400")
    await eventually(async () => expect(await status(next.publicKey)).toBe("200"))
    writeFileSync(path.join(here, "b.key"), "nonsense")
    expect(await status(next.publicKey)).toBe("400")
    renameSync(here, `${here}.gone`)
    onTestFinished(() => rmSync(`${here}.gone`, { recursive: true }))
    expect(authenticator.closed).toBe(false)
  })

  it.each(["User-Id", "socket-type", "Identity", "Routing-Id", "Peer-Address"])(
    "denies a certificate with the reserved metadata %s",
    async (name) => {
      const eve = generateKeyPair({ name: "eve", [name]: "REP" })
      const { context, told } = authenticate({ curve: [eve] })
      expect((await ask(context, request("CURVE", [key(eve.publicKey)])))[2]).toBe("400")
      expect(told).toMatchObject([{ reason: "the certificate's metadata is invalid" }])
    },
  )

  it("returns the certificate's metadata with messages", async () => {
    const carol = generateKeyPair({ name: "carol", role: "scanner" })
    const { pull, push } = await guarded({ curve: [carol] })
    await push(carol).send("x")
    const { userId, properties } = await pull.receiveWithMetadata({ properties: ["role"] })
    expect([userId, properties]).toEqual(["carol", { role: "scanner" }])
  })
})

describe("revocation", () => {
  const ways: [string, (made: Awaited<ReturnType<typeof guarded>>, store: CertificateStore) => unknown][] = [
    ["removing a certificate", (_, store) => store.delete(alice)],
    ["revoke(certificate)", ({ authenticator }) => authenticator.revoke(alice)],
    ["revoke(user)", ({ authenticator }) => authenticator.revoke("alice")],
    ["deny(address)", ({ authenticator }) => authenticator.deny("127.0.0.0/8")],
  ]

  it.each(ways)("by %s closes the connection, and keeps the peer out", async (name, revoke) => {
    const store = new CertificateStore([alice, bob])
    const made = await guarded({ curve: store })
    const { pull, push, told, authenticator } = made
    const [mine, other] = [push(alice), push(bob)]
    for (const socket of [mine, other]) await socket.send("hello")
    for (const _ of [1, 2]) await pull.receive()
    await eventually(() => expect(pull.events.peers).toBe(2))
    const gone = pull.events.waitFor("disconnect", { timeout: 5000 })
    const revoked = once(authenticator, "revoked")
    const before = told.length
    revoke(made, store)
    expect((await revoked)[0].connections).toBeGreaterThan(0)
    await gone
    await eventually(() =>
      expect(
        told.slice(before).some(({ outcome, publicKey }) => outcome === "denied" && publicKey === alice.publicKey),
      ).toBe(true),
    )
    if (name.startsWith("deny")) return
    await eventually(() => expect(other.trySend("still here")).toBe(true))
    expect(texts(await pull.receive({ timeout: 5000 }))).toEqual(["still here"])
    await mine.send("let me in", { timeout: 50 }).catch(() => {})
    expect((await failure(() => pull.receive({ timeout: 50 }))).code).toBe("EAGAIN")
  })

  it("closes no other connection, even if all peers connected at once from one address", async () => {
    const users = Array.from({ length: 12 }, (_, index) => generateKeyPair({ name: `user-${index}` }))
    const { pull, push, authenticator } = await guarded({ curve: users })
    const sockets = users.map(push)
    for (const socket of sockets) await socket.send("hello")
    for (const _ of users) await pull.receive({ timeout: 5000 })
    await eventually(() => expect(pull.events.peers).toBe(users.length))
    let gone = 0
    pull.events.watch(({ type }) => {
      if (type === "disconnect") gone += 1
    })
    expect(authenticator.revoke("user-3")).toBe(1)
    expect(authenticator.revoke(users[7] as (typeof users)[number])).toBe(1)
    await eventually(() => expect([pull.events.peers, gone]).toEqual([users.length - 2, 2]))
    for (const [index, socket] of sockets.entries()) if (index !== 3 && index !== 7) await socket.send(`still ${index}`)
    const heard = new Set<string>()
    for (let count = 2; count < users.length; count += 1) heard.add(texts(await pull.receive({ timeout: 5000 })).join())
    expect(heard.size).toBe(users.length - 2)
  })

  it("closes a connection that was just accepted, before the monitor reports it", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { pull, push, authenticator } = await guarded({ curve: [alice] })
      authenticator.once("allowed", () => authenticator.revoke(alice))
      const gone = pull.events.waitFor("disconnect", { timeout: 5000 })
      push(alice)
      await gone
      await eventually(() => expect(pull.events.peers).toBe(0))
    }
  })

  it("reinstate() undoes it", async () => {
    const { context, authenticator } = authenticate({ curve: [alice] })
    const asked = async () => (await ask(context, request("CURVE", [key(alice.publicKey)])))[2]
    authenticator.revoke(alice)
    expect(await asked()).toBe("400")
    authenticator.reinstate(alice)
    expect(await asked()).toBe("200")
  })
})

describe("PLAIN", () => {
  it("with a password file follows its changes", async () => {
    const file = path.join(folder(), "passwords")
    const hash = await hashPassword("open sesame")
    writeFileSync(file, `# users\nalice:${hash}\nbroken line\n`, { mode: 0o600 })
    const { context, told, problems } = authenticate({ plain: file, failureLimit: null })
    const status = async (user: string, password: string) => (await ask(context, request("PLAIN", [user, password])))[2]
    expect(await status("alice", "open sesame")).toBe("200")
    expect(await status("alice", "wrong")).toBe("400")
    expect(await status("bob", "open sesame")).toBe("400")
    expect(await status("", "open sesame")).toBe("400")
    expect(problems[0]?.message).toContain("line 3")
    writeFileSync(file, "")
    expect(await status("alice", "open sesame")).toBe("400")
    expect(JSON.stringify(told)).not.toContain("sesame")
  })

  it("with a file accepts any bytes as a password, with a function only UTF-8", async () => {
    const file = path.join(folder(), "passwords")
    const password = Buffer.of(0xff, 0xfe)
    writeFileSync(file, `bin:${await hashPassword(password)}\n`, { mode: 0o600 })
    const { context: one } = authenticate({ plain: file })
    expect((await ask(one, request("PLAIN", ["bin", password])))[2]).toBe("200")
    expect((await ask(one, request("PLAIN", ["bin", Buffer.of(0xfe, 0xff)])))[2]).toBe("400")
    const { context: other, told } = authenticate({ plain: () => true })
    expect((await ask(other, request("PLAIN", ["bin", password])))[2]).toBe("400")
    expect(told).toMatchObject([{ reason: "the password is not UTF-8" }])
  })

  it("rejects a password file that others can read, a folder, and a missing file", () => {
    const file = path.join(folder(), "passwords")
    writeFileSync(file, "", { mode: 0o644 })
    const context = new zmq.Context()
    expect(thrown(() => new Authenticator({ context, plain: file }))).toMatchObject({
      code: "EACCES",
      message: expect.stringContaining("chmod"),
    })
    expect(thrown(() => new Authenticator({ context, plain: `${file}.not` })).code).toBe("ENOENT")
    expect(thrown(() => new Authenticator({ context, plain: path.dirname(file) })).code).toBe("EINVAL")
  })

  it("salts hashes, and rejects hashes that would take too long", async () => {
    const [one, two] = await Promise.all([hashPassword("x"), hashPassword("x")])
    expect(one).not.toBe(two)
    expect(await verifyPassword("x", one)).toBe(true)
    expect(await verifyPassword("y", one)).toBe(false)
    expect((await failure(() => verifyPassword("x", one.replace("ln=15", "ln=31")))).name).toBe("TypeError")
    expect((await failure(() => hashPassword(""))).name).toBe("TypeError")
  })
})

describe("other mechanisms", () => {
  const policy: DomainPolicy = {
    null: ({ address }: Applicant) => address === "10.0.0.1",
    gssapi: ["client@REALM"],
    curve: "any",
  }

  it.each<[string, string, zmq.MessageLike[], string, string]>([
    ["NULL with a function", "NULL", [], "200", ""],
    ["GSSAPI with principals", "GSSAPI", ["client@REALM"], "200", "client@REALM"],
    ["GSSAPI with an unknown principal", "GSSAPI", ["eve@REALM"], "400", ""],
    ["CURVE with any key", "CURVE", [key(bob.publicKey)], "200", bob.publicKey],
    ["PLAIN, which the policy does not list", "PLAIN", ["a", "b"], "400", ""],
  ])("%s", async (_, mechanism, credentials, status, user) => {
    const { context } = authenticate(policy)
    const [version, id, ...rest] = await ask(context, request(mechanism, credentials))
    expect([version, id, rest[0], rest[2]]).toEqual(["1.0", "7", status, user])
  })

  it("denies every peer without a policy", async () => {
    const { context } = authenticate()
    for (const frames of [request("NULL"), request("CURVE", [key(alice.publicKey)]), request("PLAIN", ["a", "b"])])
      expect((await ask(context, frames))[2]).toBe("400")
  })

  it("uses a domain's policy instead of the general one", async () => {
    const { context } = authenticate({ null: true, domains: { admin: { curve: [alice] } } })
    const status = async (mechanism: string, domain: string, credentials: Buffer[] = []) =>
      (await ask(context, request(mechanism, credentials, { domain })))[2]
    expect(await status("NULL", "other")).toBe("200")
    expect(await status("NULL", "admin")).toBe("400")
    expect(await status("CURVE", "admin", [key(alice.publicKey)])).toBe("200")
    expect(await status("CURVE", "other", [key(alice.publicKey)])).toBe("400")
  })

  it("guards several sockets, and each context can have its own", async () => {
    const one = await guarded({ curve: [alice] })
    const two = await guarded({ curve: [bob] })
    const second = open(zmq.Pull, { context: one.context, security: { server, authenticator: one.authenticator } })
    await second.bind(freeAddress("tcp"))
    const push = open(zmq.Push, { security: { client: alice, serverKey: server } })
    push.connect(second.lastEndpoint as string)
    await push.send("second")
    await two.push(bob).send("two")
    expect(texts(await second.receive())).toEqual(["second"])
    expect(texts(await two.pull.receive())).toEqual(["two"])
  })
})

describe("addresses", () => {
  it.each<[DomainPolicy["addresses"], string, string]>([
    [{ deny: ["10.0.0.1"] }, "10.0.0.1", "400"],
    [{ deny: ["10.0.0.0/8"] }, "10.200.0.1", "400"],
    [{ deny: ["10.0.0.0/8"] }, "11.0.0.1", "200"],
    [{ deny: ["10.0.0.0/8"] }, "::ffff:10.1.1.1", "400"],
    [{ allow: ["10.0.0.0/8"] }, "10.1.1.1", "200"],
    [{ allow: ["10.0.0.0/8"] }, "::ffff:10.1.1.1", "200"],
    [{ allow: ["10.0.0.0/8"] }, "11.1.1.1", "400"],
    [{ allow: ["10.0.0.0/8"] }, "fd00::1", "400"],
    [{ allow: ["fd00::/8"], deny: ["fd00::bad"] }, "fd00::1", "200"],
    [{ allow: ["fd00::/8"], deny: ["fd00::bad"] }, "fd00::bad", "400"],
    [{ allow: ["10.0.0.0/8"] }, "localhost:0:0:1", "200"],
  ])("with %j, answers %s with %s", async (addresses, address, status) => {
    const { context } = authenticate({ null: true, domains: { narrow: { null: true, addresses } } })
    expect((await ask(context, request("NULL", [], { domain: "narrow", address })))[2]).toBe(status)
    const { context: wide } = authenticate({ null: true, addresses })
    expect((await ask(wide, request("NULL", [], { address })))[2]).toBe(status)
  })

  it.each(["", "10.0.0", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/", "host.example.com", "::/129", "fe80::1%eth0", 7])(
    "throws a TypeError for %j",
    (address) => {
      const error = thrown(
        () => new Authenticator({ context: new zmq.Context(), addresses: { allow: [address as string] } }),
      )
      expect(error.name).toBe("TypeError")
    },
  )
})

describe("a faulty handler", () => {
  const faults: [string, () => unknown, string][] = [
    [
      "throws",
      () => {
        throw new Error("secret detail")
      },
      "the handler failed",
    ],
    ["rejects without an error", () => Promise.reject(), "the handler failed"],
    ["never answers", () => new Promise(() => {}), "no decision within 30 ms"],
    ["returns a number", () => 1, "the handler failed"],
    ["returns an empty user id", () => "", "the handler failed"],
    ["returns a user id with NUL", () => "a\0b", "the handler failed"],
    ["returns a user id that is too long", () => "x".repeat(256), "the handler failed"],
    ["returns metadata with an invalid name", () => ({ userId: "a", metadata: { "": "x" } }), "the handler failed"],
    ["returns a string as metadata", () => ({ userId: "a", metadata: "text" }), "the handler failed"],
    ["returns metadata with NUL", () => ({ userId: "a", metadata: { role: "admin\0x" } }), "the handler failed"],
    [
      "returns metadata that is too long",
      () => ({ userId: "a", metadata: { role: "é".repeat(2100) } }),
      "the handler failed",
    ],
    [
      "returns metadata with a reserved name",
      () => ({ userId: "a", metadata: { "Routing-ID": "x" } }),
      "the handler failed",
    ],
    [
      "returns metadata whose getter throws",
      () => ({
        userId: "a",
        get metadata() {
          throw new Error("no")
        },
      }),
      "the handler failed",
    ],
  ]

  it.each(faults)("that %s denies temporarily", async (_, handler, reason) => {
    const { context, told } = authenticate({ plain: handler as never, timeout: 30 })
    const reply = await ask(context, request("PLAIN", ["user", "pass"]))
    expect(reply.slice(2)).toEqual(["300", "Try again later", "", ""])
    expect(told).toMatchObject([{ outcome: "denied", reason, status: 300, username: "user" }])
  })

  it("cannot change its metadata after the check", async () => {
    let looks = 0
    const metadata = {
      get role() {
        looks += 1
        return looks > 1 ? 5 : "scanner"
      },
    }
    const { context, problems } = authenticate({ plain: () => ({ userId: "a", metadata }) as never })
    const [, , status, , user, reply] = await ask(context, request("PLAIN", ["user", "pass"]))
    expect([status, user, reply]).toEqual(["200", "a", "\x04role\0\0\0\x07scanner"])
    expect(problems).toEqual([])
  })

  it("denies temporarily when too many decisions wait, and all of them when the authenticator closes", async () => {
    const { context, authenticator, told } = authenticate({ plain: () => new Promise<boolean>(() => {}), pending: 2 })
    const asked = [1, 2, 3].map(() => ask(context, request("PLAIN", ["a", "b"])))
    await eventually(() => expect(told).toMatchObject([{ reason: "too many decisions in progress" }]))
    await authenticator.close()
    expect((await Promise.all(asked)).map((reply) => reply[2])).toEqual(["300", "300", "300"])
  })
})

describe("malformed requests", () => {
  it.each<[string, zmq.MessageLike[]]>([
    ["with another version", ["2.0", "7", "", "", "", "NULL"]],
    ["without a mechanism", ["1.0", "7", "", "", ""]],
    ["with an unknown mechanism", request("MAGIC")],
    ['with the mechanism "constructor"', request("constructor")],
    ["with too many credentials", request("NULL", ["x"])],
    ["with too few credentials", request("PLAIN", ["x"])],
    ["with a key of 31 bytes", request("CURVE", [Buffer.alloc(31)])],
    ["with a user name that is not UTF-8", request("PLAIN", [Buffer.of(0xff), "p"])],
    ["with a very long domain", request("NULL", [], { domain: "x".repeat(100_000) })],
  ])("%s are denied", async (_, frames) => {
    const { context, told } = authenticate({ null: true, curve: "any", plain: () => true })
    expect((await ask(context, frames)).slice(1, 3)).toEqual(["7", "400"])
    expect(told).toMatchObject([{ outcome: "denied", reason: expect.stringContaining("malformed") }])
  })

  it("without an id are ignored, and later requests answered", async () => {
    const { context } = authenticate({ null: true })
    const dealer = open(zmq.Dealer, { context })
    dealer.connect("inproc://zeromq.zap.01")
    for (const frames of [[""], ["", "1.0"], ["x"], ["x", "y", "z"], ["", "", "", ""]]) await dealer.send(frames)
    expect((await ask(context, request("NULL")))[2]).toBe("200")
  })
})

describe("failureLimit", () => {
  it("denies an address for a while without asking the handler, and no other address", async () => {
    let calls = 0
    const plain = ({ password }: { password: string }) => {
      calls += 1
      return password === "right"
    }
    const { context, told } = authenticate({ plain, failureLimit: { failures: 3, window: 200 } })
    const status = async (password: string, address: string) =>
      (await ask(context, request("PLAIN", ["u", password], { address })))[2]
    for (const _ of [1, 2, 3]) expect(await status("wrong", "10.0.0.1")).toBe("400")
    expect(await status("right", "10.0.0.1")).toBe("300")
    expect(calls).toBe(3)
    expect(told.at(-1)?.reason).toBe("too many failures")
    expect(await status("right", "10.0.0.2")).toBe("200")
    await eventually(async () => expect(await status("right", "10.0.0.1")).toBe("200"))
  })

  it("counts an IPv6 /64 network as one source", async () => {
    const { context } = authenticate({ plain: () => false, failureLimit: { failures: 2 } })
    const status = async (address: string) => (await ask(context, request("PLAIN", ["u", "p"], { address })))[2]
    expect(await status("2001:db8::1")).toBe("400")
    expect(await status("2001:db8:0:0:ffff::")).toBe("400")
    expect(await status("2001:db8:0:0:5:6:7:8")).toBe("300")
    expect(await status("2001:db8:0:1::3")).toBe("400")
  })

  it("still allows a known key from the same address as an unknown one", async () => {
    const { context } = authenticate({ curve: [alice], failureLimit: { failures: 1 } })
    for (const _ of [1, 2, 3]) expect((await ask(context, request("CURVE", [key(bob.publicKey)])))[2]).toBe("400")
    expect((await ask(context, request("CURVE", [key(alice.publicKey)])))[2]).toBe("200")
  })
})

describe("audit", () => {
  it("publishes on diagnostics_channel too", async () => {
    const told: AuditEvent[] = []
    const listener = (event: unknown) => void told.push(event as AuditEvent)
    for (const name of ["allowed", "denied"]) subscribe(`ohmq:security:${name}`, listener)
    onTestFinished(() => ["allowed", "denied"].forEach((name) => void unsubscribe(`ohmq:security:${name}`, listener)))
    const { context } = authenticate({ plain: ({ username }) => username === "alice" })
    await ask(context, request("PLAIN", ["alice", "hunter2"]))
    await ask(context, request("PLAIN", ["eve", "hunter2"], { domain: "d" }))
    expect(told).toMatchObject([
      { outcome: "allowed", status: 200, userId: "alice", address: "10.0.0.1", mechanism: "PLAIN", domain: "global" },
      { outcome: "denied", status: 400, userId: null, username: "eve", domain: "d", reason: "refused by the handler" },
    ])
    expect(inspect(told)).not.toContain("hunter2")
  })
})

describe("close", () => {
  it("lets the next authenticator of the context start at once", async () => {
    const context = new zmq.Context()
    for (let round = 0; round < 300; round += 1) await new Authenticator({ context }).close()
    await context.terminate()
  })

  it("frees the endpoint for another authenticator, and allows no peer meanwhile", async () => {
    const { context, authenticator, pull, push } = await guarded({ curve: [alice] })
    await authenticator.close()
    await authenticator.close()
    await push(alice)
      .send("x", { timeout: 50 })
      .catch(() => {})
    expect((await failure(() => pull.receive({ timeout: 100 }))).code).toBe("EAGAIN")
    await using again = new Authenticator({ context, null: true })
    expect(again.closed).toBe(false)
  })

  it("happens when the context is terminated", async () => {
    const { context, authenticator } = authenticate({ null: true })
    await context.terminate()
    await authenticator.close()
    expect(authenticator.closed).toBe(true)
  })
})

describe("verifiedSender", () => {
  it("returns the user id, and throws if the message claims another", async () => {
    const { pull, push } = await guarded({ curve: [alice, bob] })
    await push(bob).send(["alice", "pay bob"])
    const message = await pull.receiveWithMetadata()
    expect(verifiedSender(message)).toBe("bob")
    expect(verifiedSender(message, { claimed: "bob", oneOf: ["alice", "bob"] })).toBe("bob")
    const error = thrown(() => verifiedSender(message, { claimed: message.parts[0] as Buffer }))
    expect(error).toBeInstanceOf(SenderError)
    expect(error).toMatchObject({ code: "ERR_SENDER", userId: "bob", message: expect.stringContaining('"alice"') })
    expect(thrown(() => verifiedSender(message, { oneOf: ["alice"] }))).toMatchObject({ code: "ERR_SENDER" })
  })

  it("throws a TypeError for an unknown option", () => {
    const error = thrown(() => verifiedSender({ userId: "alice" }, { claim: "bob" } as never))
    expect(error).toMatchObject({ name: "TypeError", message: expect.stringContaining('"claim"') })
  })

  it("throws if the sender was not authenticated, or the message has no userId", () => {
    expect(thrown(() => verifiedSender({ userId: null })).message).toContain("not authenticated")
    expect(thrown(() => verifiedSender([] as never)).name).toBe("TypeError")
  })

  it.each([
    ["NULL", {}],
    ["NULL with a domain that is not enforced", { zapDomain: "x" }],
  ])("ignores a User-Id that a peer sets in its own handshake: %s", async (_, options) => {
    const pull = open(zmq.Pull, { context: new zmq.Context(), ...options })
    await pull.bind(freeAddress("tcp"))
    const liar = connect(Number(pull.lastEndpoint?.split(":").pop()), "127.0.0.1")
    onTestFinished(() => void liar.destroy())
    const property = (name: string, value: string) => {
      const size = Buffer.alloc(4)
      size.writeUInt32BE(value.length)
      return Buffer.concat([Buffer.of(name.length), Buffer.from(name), size, Buffer.from(value)])
    }
    const ready = Buffer.concat([
      Buffer.from("\x05READY"),
      property("Socket-Type", "PUSH"),
      property("User-Id", "admin"),
    ])
    liar.write(Buffer.from(`ff00000000000000017f0300${Buffer.from("NULL").toString("hex")}`.padEnd(128, "0"), "hex"))
    liar.write(Buffer.concat([Buffer.of(4, ready.length), ready]))
    let heard = ""
    for await (const chunk of liar.iterator({ destroyOnReturn: false })) {
      heard += chunk.toString("latin1")
      if (heard.includes("READY")) break
    }
    liar.write(Buffer.from("\0\x07give me"))
    const message = await pull.receiveWithMetadata({ timeout: 5000 })
    expect(message.userId).toBeNull()
    expect(thrown(() => verifiedSender(message))).toMatchObject({ code: "ERR_SENDER" })
  })
})
