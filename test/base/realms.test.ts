// Globals that are not Node's own, and values of another realm, as in test environments and vm contexts.

import { generateKeyPairSync } from "node:crypto"
import vm from "node:vm"

import * as zmq from "ohmq"
import { Dish, Radio } from "ohmq/draft"
import {
  Certificate,
  hashPassword,
  publicKeyFrom,
  Signer,
  Verifier,
  verifiedSender,
  verifyPassword,
  z85Decode,
  z85Encode,
} from "ohmq/security"
import * as v5 from "ohmq/v5-compat"
import { describe, expect, it, onTestFinished } from "vitest"

import { ask, authenticate, request } from "../security/support.js"
import { classesWith, expectedOptions, isThere, type Value } from "../support/option-table.js"
import { runCommand } from "../support/process.js"
import { create } from "../support/socket-classes.js"
import { closeAfterTest, failure, freeAddress, join, open, texts, untilReceived } from "../support/sockets.js"

/** The same bytes in another realm. */
const foreign: (bytes: Uint8Array | string) => Uint8Array = (bytes) => {
  const own = Buffer.from(bytes as string)
  const array: Uint8Array = vm.runInNewContext(`new Uint8Array(${own.length})`)
  array.set(own)
  return array
}

describe("In a realm with the globals of a browser", () => {
  it("everything works, and no name is left undefined", async () => {
    const program = `
      import { browserLike } from "./test/support/browser-like.mjs"
      import { tour } from "./test/support/tour.mjs"
      const { packages, realm } = browserLike()
      await tour(packages, realm)
      const { Socket, Context } = packages.zmq
      const { Certificate, CertificateStore, Authenticator } = packages.security
      for (const { prototype } of [Socket, Context, Certificate, CertificateStore, Authenticator])
        if ("undefined" in prototype) console.log("a method has no name")
      console.log("done", realm.Uint8Array === Uint8Array)`
    const args = ["--no-warnings", "--input-type=module", "-e", program]
    expect(await runCommand(process.execPath, args)).toMatchObject({ status: 0, stdout: "done false\n", stderr: "" })
  })
})

describe("A Uint8Array of another realm", () => {
  it("is not one by instanceof", () => {
    expect(foreign("x")).not.toBeInstanceOf(Uint8Array)
  })

  it("is sent", async () => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
    await join(pull, push)
    await push.send([foreign("a"), "b"])
    await push.sendMany([foreign("c")])
    expect(texts(await pull.receive())).toEqual(["a", "b"])
    expect(texts(await pull.receive())).toEqual(["c"])
  })

  it("is subscribed to and unsubscribed from by a Subscriber", async () => {
    const [subscriber, publisher] = [open(zmq.Subscriber), open(zmq.Publisher)]
    subscriber.subscribe(foreign("wanted"), "end")
    await join(publisher, subscriber)
    await untilReceived(() => publisher.send("wanted"), subscriber)
    subscriber.unsubscribe(foreign("wanted"))
    const received: string[] = []
    while (received.at(-1) !== "end")
      received.push(...texts(await untilReceived(() => publisher.send("end"), subscriber)))
  })

  it("is what a manual XPublisher subscribes a peer to, and unsubscribes it from", async () => {
    const [subscriber, publisher] = [open(zmq.Subscriber), open(zmq.XPublisher, { manual: true })]
    await join(publisher, subscriber)
    subscriber.subscribe("f", "s")
    expect(texts(await publisher.receive())).toEqual(["\x01f"])
    publisher.subscribe(foreign("first"), foreign("second"))
    expect(texts(await publisher.receive())).toEqual(["\x01s"])
    publisher.unsubscribe(foreign("first"))
    await publisher.send("first")
    await publisher.send("second")
    expect(texts(await subscriber.receive())).toEqual(["second"])
  })

  const options = expectedOptions.filter((option) => isThere(option) && ["text", "bytes"].includes(option.kind))
  const bytes = options.flatMap((option) => {
    const value = option.good?.find(({ set }: Value) => typeof set === "string" || set instanceof Uint8Array)
    return option.readonly || value === undefined ? [] : [{ option, value }]
  })

  it.each(bytes)("is a value of the option $option.name", ({ option, value }) => {
    const [name] = classesWith(option)
    const [own, other] = [closeAfterTest(create(name as "Push")), closeAfterTest(create(name as "Push"))]
    const buffer = Buffer.from(value.set as string)
    own[option.name] = buffer
    other[option.name] = foreign(buffer)
    expect(other[option.name]).toEqual(own[option.name])
    expect(other[option.name]).not.toEqual(option.initial)
  })

  it("is tested with each kind of option", () => {
    expect(bytes.length).toBeGreaterThan(15)
  })

  it("can name a peer that a Router connects to", async () => {
    const [router, dealer] = [open(zmq.Router, { mandatory: true }), open(zmq.Dealer)]
    await dealer.bind(freeAddress("tcp"))
    router.connect(dealer.lastEndpoint as string, { routingId: foreign("peer") })
    await router.send([foreign("peer"), "hello"])
    expect(texts(await dealer.receive())).toEqual(["hello"])
  })

  it("is a value of an option that is set by its number", () => {
    const dealer = open(zmq.Dealer)
    const byNumber = dealer as unknown as { setStringOption(id: number, value: Uint8Array): void }
    byNumber.setStringOption(5, foreign("name"))
    expect(dealer.routingId).toBe("name")
  })

  it("is a group of draft sockets", async () => {
    const [radio, dish] = [open(Radio), open(Dish)]
    dish.join(foreign("group"), foreign("other"))
    dish.leave(foreign("other"))
    await join(radio, dish)
    let part: Buffer | undefined
    while (part === undefined) {
      await radio.send(foreign("news"), { group: foreign("group") })
      ;[part] = await dish.receive({ timeout: 20 }).catch(() => [])
    }
    expect(String(part)).toBe("news")
  })

  it("is a key of security, and a password", async () => {
    const [server, client] = [Certificate.generate(), Certificate.generate()]
    const pair = ({ publicKey, secretKey }: Certificate) => ({
      publicKey: foreign(z85Decode(publicKey)),
      secretKey: foreign(secretKey as Buffer),
    })
    const pull = open(zmq.Pull, { security: { server: pair(server), clients: "any" } })
    const push = open(zmq.Push, { security: { client: pair(client), serverKey: foreign(z85Decode(server.publicKey)) } })
    await join(pull, push)
    await push.send("a secret")
    expect(texts(await pull.receive())).toEqual(["a secret"])
    const plain = open(zmq.Push, { security: { username: "me", password: foreign("password") } })
    expect(plain.plainPassword).toBe("password")
    expect(zmq.curveKeyPair.publicKeyFrom(foreign(server.secretKey as Buffer))).toBe(server.publicKey)
  })

  it("is accepted as bytes by ohmq/security", async () => {
    const certificate = Certificate.generate({ name: "me" })
    const secretKey = foreign(certificate.secretKey as Buffer)
    expect(Certificate.from({ secretKey }).publicKey).toBe(certificate.publicKey)
    expect(publicKeyFrom(secretKey)).toBe(certificate.publicKey)
    expect(z85Encode(foreign(z85Decode(certificate.publicKey)))).toBe(certificate.publicKey)
    const file = foreign(`curve\n    public-key = "${certificate.publicKey}"\n`)
    expect(Certificate.parse(file).publicKey).toBe(certificate.publicKey)
    expect((await Certificate.fromVault(() => file)).publicKey).toBe(certificate.publicKey)
    expect(await verifyPassword(foreign("open sesame"), await hashPassword(foreign("open sesame")))).toBe(true)
    expect(verifiedSender({ userId: "me" }, { claimed: foreign("me") })).toBe("me")
  })

  it("can be a payload, key or envelope of signed messages, as a Date can be the time of a key", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const pem = foreign(privateKey.export({ type: "pkcs8", format: "pem" }) as string)
    const envelope = foreign(new Signer({ key: pem }).sign("text/plain", foreign("hello")))
    const key = foreign(publicKey.export({ type: "spki", format: "pem" }) as string)
    const notBefore: Date = vm.runInNewContext("new Date(0)")
    const payloadTypes = ["text/plain"]
    const { payload } = await new Verifier({ keys: [{ key, notBefore }], payloadTypes }).verify(envelope)
    expect(String(payload)).toBe("hello")
  })

  it("is an identity and a prefix of v5 sockets", () => {
    const subscriber = v5.socket("sub")
    onTestFinished(() => void subscriber.close())
    subscriber.subscribe(foreign("prefix")).unsubscribe(foreign("prefix"))
    subscriber.setsockopt("identity", foreign("me"))
    expect(subscriber.identity).toBe("me")
  })
})

describe("An Error of another realm", () => {
  it.each([
    ["an Error", "new TypeError('not today')"],
    ["a DOMException", undefined],
  ])("that a handler throws is reported unchanged: %s", async (_, source) => {
    const error =
      source === undefined ? Object.setPrototypeOf(new DOMException("not today"), null) : vm.runInNewContext(source)
    if (source === undefined) Object.defineProperty(error, Symbol.toStringTag, { value: "DOMException" })
    const { context, problems } = authenticate({
      null: () => {
        throw error
      },
    })
    expect((await ask(context, request("NULL")))[2]).toBe("300")
    expect(problems).toEqual([error])
    expect(problems[0]).toBe(error)
  })
})

describe("An AbortSignal of another realm", () => {
  /** Like those of jsdom and of packages that replace AbortSignal: not of a class of Node.js. */
  class Signal {
    aborted = false
    reason: unknown
    readonly #target = new EventTarget()
    addEventListener = this.#target.addEventListener.bind(this.#target)
    removeEventListener = this.#target.removeEventListener.bind(this.#target)

    abort(reason?: unknown) {
      this.aborted = true
      this.reason = reason
      this.#target.dispatchEvent(new Event("abort"))
    }
  }

  const operations: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    receive: (signal) => bound().receive({ signal }),
    receiveMany: (signal) => bound().receiveMany({ signal }),
    receiveWithMetadata: (signal) => bound().receiveWithMetadata({ signal }),
    batches: (signal) => bound().batches({ signal }).next(),
    send: (signal) => open(zmq.Push).send("x", { signal }),
    connected: (signal) => bound().connected({ signal }),
    "events.receive": (signal) => bound().events.receive({ signal }),
    "events.waitFor": (signal) => bound().events.waitFor("accept", { signal }),
  }
  const bound = () => open(zmq.Pull)

  it.each(Object.keys(operations))("ends %s with its reason, before and during it", async (name) => {
    const run = operations[name] as (typeof operations)[string]
    const signal = new Signal()
    const during = failure(() => run(signal as unknown as AbortSignal))
    signal.abort("the reason")
    expect(await during).toBe("the reason")
    expect(await failure(() => run(signal as unknown as AbortSignal))).toBe("the reason")
  })

  it("ends sendMany", async () => {
    const signal = new Signal()
    const during = failure(() => open(zmq.Push).sendMany(["x"], { signal: signal as unknown as AbortSignal }))
    signal.abort("the reason")
    expect(await during).toMatchObject({ name: "AbortError", sent: 0, cause: "the reason" })
  })

  it("gives an AbortError if it does not support reasons", async () => {
    const signal = new Signal()
    const received = failure(() => bound().receive({ signal: signal as unknown as AbortSignal }))
    signal.abort()
    expect(await received).toMatchObject({ name: "AbortError", code: "ABORT_ERR" })
  })

  it.each([[{}], [{ aborted: false }], ["signal"], [new EventTarget()], [null]])("is not %j", async (signal) => {
    expect(await failure(() => bound().receive({ signal: signal as unknown as AbortSignal }))).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("Expected signal to be an AbortSignal"),
    })
  })
})
