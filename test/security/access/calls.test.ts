// The methods of an Authenticator: what they refuse, and what becomes of listeners that throw.

import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { writeFileSync } from "node:fs"
import path from "node:path"
import * as zmq from "ohmq"
import {
  Authenticator,
  CertificateStore,
  hashPassword,
  PasswordFile,
  verifiedSender,
  verifyPassword,
} from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { runProgram } from "../../support/process.js"
import { failure, open, thrown } from "../../support/sockets.js"
import { alice, ask, authenticate, folder, request } from "../support.js"

describe("new Authenticator()", () => {
  it.each([
    ["a context that is none", { context: {} }, /^Expected context to be a Context/],
    [
      "a policy for NULL that is neither true nor a function",
      { null: "yes" },
      /^Expected null to be true or a function/,
    ],
    [
      "a window of no length",
      { failureLimit: { window: 0 } },
      /^Expected window to be a number of milliseconds above 0/,
    ],
  ])("refuses %s", (_, options, message) => {
    expect(thrown(() => new Authenticator({ context: new zmq.Context(), ...options } as never))).toMatchObject({
      name: "TypeError",
      message: expect.stringMatching(message),
    })
  })

  it("takes a PasswordFile that others use too, and does not close it", async () => {
    const file = path.join(folder(), "passwords")
    writeFileSync(file, `alice:${await hashPassword("one")}\n`, { mode: 0o600 })
    using plain = new PasswordFile(file)
    const { context, authenticator } = authenticate({ plain })
    expect((await ask(context, request("PLAIN", ["alice", "one"])))[2]).toBe("200")
    await authenticator.close()
    writeFileSync(file, `alice:${await hashPassword("two")}\n`, { mode: 0o600 })
    expect(await plain.verify("alice", "two")).toBe(true)
  })

  it("takes a function for GSSAPI, which is told the principal", async () => {
    const { context } = authenticate({ gssapi: ({ principal }) => principal === "alice@REALM" && "alice" })
    expect((await ask(context, request("GSSAPI", ["alice@REALM"]))).slice(2, 5)).toEqual(["200", "OK", "alice"])
    expect((await ask(context, request("GSSAPI", ["eve@REALM"])))[2]).toBe("400")
  })
})

describe("guard", () => {
  it("refuses a socket without a domain, and every socket once it is closed", async () => {
    const { context, authenticator } = authenticate({ null: true })
    const socket = open(zmq.Pull, { context })
    expect(thrown(() => authenticator.guard(socket)).message).toMatch(/^The socket has no zapDomain/)
    socket.zapDomain = "global"
    authenticator.guard(socket)
    authenticator.guard(socket)
    await authenticator.close()
    expect(thrown(() => authenticator.guard(socket)).message).toMatch(/^The authenticator is closed/)
  })
})

describe("ready", () => {
  it("resolves once the folder was read", async () => {
    const here = folder()
    await alice.savePublic(path.join(here, "alice.key"))
    using curve = CertificateStore.open(here)
    const { authenticator } = authenticate({ curve })
    await authenticator.ready()
    expect(curve.certificates.map(({ publicKey }) => publicKey)).toEqual([alice.publicKey])
  })
})

describe("revoke and reinstate", () => {
  it("take a certificate or its key, and nothing else", async () => {
    const { context, authenticator } = authenticate({ plain: () => ({ userId: "alice" }) })
    const asked = async () => (await ask(context, request("PLAIN", ["a", "b"])))[2]
    for (const who of [undefined, "", 5, {}])
      expect(thrown(() => authenticator.revoke(who as never)).message).toMatch(/^Expected who to be a certificate/)
    authenticator.revoke("alice")
    expect(await asked()).toBe("400")
    authenticator.reinstate("alice")
    expect(await asked()).toBe("200")
  })

  it("are published on diagnostics_channel too", () => {
    const told: unknown[] = []
    const listener = (event: unknown) => void told.push(event)
    subscribe("ohmq:security:revoked", listener)
    onTestFinished(() => void unsubscribe("ohmq:security:revoked", listener))
    authenticate({ curve: [alice] }).authenticator.revoke(alice)
    expect(told).toEqual([{ revoked: alice.publicKey, connections: 0, time: expect.any(Number) }])
  })
})

describe("a listener that throws", () => {
  it("throws outside of the call or the decision, which are not affected", async () => {
    const { stdout } = await runProgram(`
      const { Authenticator } = await import("ohmq/security")
      process.on("uncaughtException", ({ message }) => console.log("uncaught", message))
      const authenticator = new Authenticator({ null: true })
      for (const event of ["allowed", "revoked"]) authenticator.on(event, () => { throw new Error("by a listener") })
      const dealer = new zmq.Dealer()
      dealer.connect("inproc://zeromq.zap.01")
      await dealer.send(["", "1.0", "7", "global", "10.0.0.1", "", "NULL"])
      console.log(String((await dealer.receive())[3]))
      dealer.close()
      console.log("ended", authenticator.revoke("nobody"))
      await authenticator.close()`)
    const uncaught = "uncaught by a listener"
    expect(stdout.split("\n").sort()).toEqual(["", "200", "ended 0", uncaught, uncaught])
  })
})

describe("verifiedSender", () => {
  it("refuses a claim that is not text", () => {
    expect(thrown(() => verifiedSender({ userId: "alice" }, { claimed: 5 as never })).message).toMatch(
      /^Expected claimed to be a string or Uint8Array/,
    )
  })

  it("quotes the beginning of a long claim", () => {
    const { message } = thrown(() => verifiedSender({ userId: "alice" }, { claimed: "x".repeat(1000) }))
    expect(message).toContain(`"${"x".repeat(80)}…"`)
    expect(message).not.toContain("x".repeat(81))
  })
})

describe("verifyPassword", () => {
  it("refuses what is not a hash", async () => {
    expect((await failure(() => verifyPassword("one", "one"))).message).toMatch(/^Expected the hash to be one/)
  })
})
