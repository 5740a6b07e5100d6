import * as zmq from "ohmq"
import { Authenticator, type AuthenticatorOptions, type DomainPolicy } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { thrown } from "../../support/sockets.js"
import { ask, authenticate, request } from "../support.js"

/** Sends the requests of many peers over one socket, and returns the statuses. */
async function askAll(context: zmq.Context, requests: zmq.MessageLike[][]): Promise<string[]> {
  const dealer = new zmq.Dealer({ context, linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 })
  onTestFinished(() => dealer.close())
  dealer.connect("inproc://zeromq.zap.01")
  for (const frames of requests) await dealer.send(["", ...frames])
  const statuses: string[] = []
  while (statuses.length < requests.length) statuses.push(String((await dealer.receive({ timeout: 5000 }))[3]))
  return statuses
}

describe("addresses", () => {
  // A socket with `ipv6` sees IPv4 peers as ::ffff:10.0.0.1.
  it.each<[DomainPolicy["addresses"], string, string]>([
    [{ deny: ["10.0.0.1"] }, "::ffff:10.0.0.1", "400"],
    [{ deny: ["10.0.0.1"] }, "::ffff:a00:1", "400"],
    [{ deny: ["10.0.0.1"] }, "::FFFF:10.0.0.1", "400"],
    [{ deny: ["::ffff:10.0.0.1"] }, "10.0.0.1", "400"],
    [{ deny: ["::ffff:a00:1"] }, "10.0.0.1", "400"],
    [{ deny: ["::ffff:10.0.0.0/104"] }, "10.9.9.9", "400"],
    [{ deny: ["::ffff:10.0.0.0/104"] }, "11.9.9.9", "200"],
    [{ deny: ["::ffff:0:0/96"] }, "203.0.113.7", "400"],
    [{ deny: ["0:0:0:0:0:ffff:10.0.0.1"] }, "10.0.0.1", "400"],
    [{ allow: ["10.0.0.0/8"] }, "::ffff:10.1.2.3", "200"],
    [{ allow: ["10.0.0.0/8"] }, "::ffff:11.1.2.3", "400"],
    [{ allow: ["::/0"] }, "2001:db8::1", "200"],
    [{ deny: ["0.0.0.0/0"] }, "::1", "200"],
    [{ deny: ["fe80::/10"] }, "fe80::1%eth0", "400"],
    [{ deny: ["2001:db8::/32"] }, "2001:0db8:0000::1", "400"],
    [{ allow: [] }, "10.0.0.1", "400"],
    [{ allow: [] }, "2001:db8::1", "400"],
    [{}, "10.0.0.1", "200"],
  ])("with %j, answers %s with %s", async (addresses, address, status) => {
    const { context } = authenticate({ null: true, addresses })
    expect((await ask(context, request("NULL", [], { address })))[2]).toBe(status)
  })

  it("allow() restricts an authenticator that allowed every address", async () => {
    const { context, authenticator } = authenticate({ null: true })
    const status = async (address: string) => (await ask(context, request("NULL", [], { address })))[2]
    expect(await status("10.0.0.1")).toBe("200")
    authenticator.allow("10.0.0.2")
    expect(await status("10.0.0.1")).toBe("400")
    expect(await status("10.0.0.2")).toBe("200")
  })

  it.each<[string, object]>([
    ["addresses", { addresses: { allowed: ["10.0.0.1"] } }],
    ["addresses", { addresses: ["10.0.0.1"] }],
    ["addresses", { addresses: { deny: ["::ffff:10.0.0.0/95"] } }],
    ["addresses of a domain", { domains: { d: { addresses: { denied: [] } } } }],
    ["failureLimit", { failureLimit: 5 }],
    ["failureLimit", { failureLimit: { failure: 5 } }],
    ["gssapi", { gssapi: "client@REALM" }],
    ["an unknown option", { timout: 5 }],
    ["domains", { domains: null }],
    ["the policy of a domain", { domains: { admin: null } }],
    ["the policy of a domain", { domains: { admin: { timeout: 5 } } }],
  ])("throws a TypeError for an invalid option that would allow more peers: %s in %j", (_, options) => {
    expect(
      thrown(() => new Authenticator({ context: new zmq.Context(), ...(options as AuthenticatorOptions) })).name,
    ).toBe("TypeError")
  })
})

it("names the unknown option, the known ones, and the domain of an invalid policy", () => {
  const messageOf = (options: object) =>
    thrown(() => new Authenticator({ context: new zmq.Context(), ...options })).message
  expect(messageOf({ timout: 5 })).toMatch(/"timout".*timeout.*curve/)
  expect(messageOf({ domains: { admin: null } })).toMatch(/"admin".*curve/)
})

describe("failureLimit", () => {
  it("tells mapped IPv4 addresses apart", async () => {
    const { context } = authenticate({ plain: () => false, failureLimit: { failures: 1 } })
    const status = async (address: string) => (await ask(context, request("PLAIN", ["u", "p"], { address })))[2]
    expect(await status("::ffff:10.0.0.1")).toBe("400")
    expect(await status("::ffff:10.0.0.2")).toBe("400")
    expect(await status("::ffff:10.0.0.1")).toBe("300")
    expect(await status("10.0.0.2")).toBe("300")
  })

  it("remembers a limited number of addresses, and forgets the oldest", async () => {
    const { context } = authenticate({ plain: () => false, failureLimit: { failures: 1, window: 60_000 } })
    const from = (index: number) =>
      request("PLAIN", ["u", "p"], { address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` })
    // Past 10,000 addresses, it forgets the first one.
    for (let first = 0; first < 10_500; first += 500) {
      const statuses = await askAll(
        context,
        Array.from({ length: 500 }, (_, index) => from(first + index)),
      )
      expect(new Set(statuses)).toEqual(new Set(["400"]))
    }
    expect(await askAll(context, [from(10_499), from(0)])).toEqual(["300", "400"])
  })
})
