// What attackers try with alerts: each row of the table in docs/respond.md.

import { createHash, createHmac } from "node:crypto"
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { Dealer, Push } from "ohmq"
import { generateKeyPair } from "ohmq/security"
import { createEvent, encode } from "ohmq-toolkit/events"
import { parseRules } from "ohmq-toolkit/respond"
import { describe, expect, it } from "vitest"
import { freePort, standardSecret, temporaryFolder, until } from "../relay/support.js"
import { attacks } from "./attack-list.mjs"
import { type Case, failuresOf } from "./rule-trial.js"
import { configWith, type Entry, endsOf, type Respond, startResponder, token, user } from "./support.js"

const refused = (why: string, ...values: unknown[]): Case[] => values.map((value) => [value, { refused: why }])

/** A rule whose action says what it got, one argument a line. */
const telling = (parameter: string, rule = "") =>
  configWith(`
actions:
  tell: { type: exec, ${user}command: [printf, '%s\\n', "{value}", "end"], parameters: { value: ${parameter} } }
rules:
  - { name: all, when: "true", do: tell, with: { value: data.value }${rule} }
`)

const printed = (entries: readonly Entry[]): string[] =>
  entries.filter(({ type }) => type === "response.finished").map(({ output }) => (output as { text: string }).text)

/** The suppressed events, by reason. */
async function suppressed({ entries }: Respond): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { type, reason = "", count = 0 } of await entries())
    if (type === "response.suppressed") counts[reason] = (counts[reason] ?? 0) + count
  return counts
}

const nasty = ["; reboot", "$(reboot)", "`reboot`", "a|b", "a&&b", "a'b\"c", "*", "~", "a>b", "%s%n", "!x"]

const tests: Record<string, () => Promise<void> | void> = {
  "shell metacharacters": async () => {
    for (const type of ["ip", "cidr", "hostname", "port", "{ type: token, pattern: '[a-z]+' }"])
      expect(failuresOf(type, refused("value: Expected", ...nasty))).toEqual([])
    const respond = await startResponder(telling("text"))
    for (const value of nasty) await respond.alert({ value })
    await respond.reached("ended", nasty.length)
    expect(printed(await respond.entries()).toSorted()).toEqual(nasty.map((value) => `${value}\nend\n`).toSorted())
  },

  "control characters": () => {
    const values = [
      "a\nb",
      "a\r",
      "\u0000",
      "a\u0000b",
      "\u001b[2J",
      "\u007f",
      "\u009b",
      "\u2028",
      "\u202ea",
      "\u2066",
      "\ud800",
    ]
    for (const type of ["text", "{ type: token, pattern: '(?s).*' }", "{ type: path, root: . }"])
      expect(failuresOf(type, refused("has control characters", ...values))).toEqual([])
    for (const type of ["ip", "cidr", "hostname", "port", "{ type: enum, values: [a] }"])
      expect(failuresOf(type, refused("value: Expected", ...values, "198.51.100.7\n"))).toEqual([])
  },

  "option injection": async () => {
    const values = ["-rf", "--output=/etc/passwd", "-"]
    for (const type of ["text", "{ type: token, pattern: '.*' }"])
      expect(failuresOf(type, refused('would begin with "-", and be read as an option', ...values))).toEqual([])
    const command = '[echo, "--name={value}"]'
    expect(
      failuresOf(
        "text",
        values.map((value): Case => [value, { value }]),
        { command },
      ),
    ).toEqual([])
  },

  "template injection": async () => {
    const values = ["{other}", "{{other}}", "{value}", `$${"{other}"}`, "$&", "$1", "{other"]
    const config = telling("text").replace("parameters: { value: text }", "parameters: { value: text, other: text }")
    const respond = await startResponder(config.replace("with: {", "with: { other: \"'OTHER'\","))
    for (const value of values) await respond.alert({ value })
    await respond.reached("ended", values.length)
    expect(printed(await respond.entries()).toSorted()).toEqual(values.map((value) => `${value}\nend\n`).toSorted())
  },

  "path traversal and links": () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "root"))
    symlinkSync("/etc", join(folder, "root/etc"))
    symlinkSync("..", join(folder, "root/up"))
    symlinkSync("/dev/zero", join(folder, "root/zero"))
    symlinkSync("loop", join(folder, "root/loop"))
    const outside = [
      "../rules.yaml",
      "/etc/passwd",
      "etc/passwd",
      "up/rules.yaml",
      "zero",
      "./../root/../rules.yaml",
      "up",
    ]
    const cases = [
      ...refused("is not under ./root", ...outside),
      ...refused("There is no", "loop", "a/../../x/../root/b"),
    ]
    expect(failuresOf("{ type: path, root: ./root }", cases, { folder })).toEqual([])
  },

  "a link that changes": async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "root"))
    writeFileSync(join(folder, "root/a"), "")
    writeFileSync(join(folder, "secret"), "")
    const respond = await startResponder(telling("{ type: path, root: ./root }", ", approve: required"), { folder })
    await respond.alert({ value: "a" })
    const [waiting] = await respond.reached("waiting")
    rmSync(join(folder, "root/a"))
    symlinkSync("../secret", join(folder, "root/a"))
    await respond.responder.approve(waiting?.id ?? "", "alice")
    expect(await respond.reached("ended")).toMatchObject([{ outcome: "refused" }])
    expect((await respond.recorded("response.finished"))[0]?.reason).toContain("is not under ./root")
    expect((await respond.entries()).some(({ type }) => type === "response.started")).toBe(false)
  },

  "look-alikes of addresses": () => {
    const values = [
      ...[
        "010.0.0.1",
        "10.0.0.01",
        "0x0a.0.0.1",
        "167772161",
        "10.1",
        "10.0.0.1 ",
        " 10.0.0.1",
        "10.0.0.1:80",
        "10.0.0.1/32",
        "10.0.0.256",
      ],
      ...[
        "１０.0.0.1",
        "10.0.0.١",
        "10。0.0.1",
        "[2001:db8::1]",
        "fe80::1%eth0",
        "2001:db8::1%1",
        "2001:db8:::1",
        "2001:db8::g",
        "::ffff:010.0.0.1",
      ],
    ]
    expect(failuresOf("ip", refused("Expected an address", ...values))).toEqual([])
    expect(
      failuresOf("{ type: ip, version: 6 }", refused("Expected an address of IPv6", "::ffff:198.51.100.7")),
    ).toEqual([])
  },

  "addresses that must not be touched": () => {
    const options = { protect: "[192.0.2.0/24, 2001:db8:5::/48, 203.0.113.9]" }
    const own = Object.values(networkInterfaces()).flatMap((list = []) => list.filter(({ internal }) => !internal))
    const special = [
      "0.0.0.0",
      "127.0.0.1",
      "127.255.0.9",
      "169.254.169.254",
      "224.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "ff02::1",
      "fe80::1",
    ]
    const hidden = ["::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"]
    expect(
      failuresOf(
        "ip",
        [
          ...refused(
            "must not be touched",
            ...special,
            ...hidden,
            ...own.map(({ address }) => address.replace(/%.*/, "")),
          ),
          ...refused(
            "192.0.2.0/24 is protected",
            "192.0.2.77",
            "::ffff:192.0.2.77",
            "64:ff9b::192.0.2.77",
            "2002:c000:24d::1",
          ),
          ...refused("is protected", "2001:db8:5:1::1", "203.0.113.9"),
          ["192.0.3.1", { value: "192.0.3.1" }],
        ],
        options,
      ),
    ).toEqual([])
    expect(
      failuresOf(
        "{ type: cidr, min4: 1, min6: 1 }",
        [
          ...refused("Expected a network", "0.0.0.0", "::"),
          ...refused("is too large", "0.0.0.0/0", "::/0"),
          ...refused(
            "must not be touched",
            "128.0.0.0/1",
            "0.0.0.0/1",
            "192.0.2.0/25",
            "192.0.0.0/16",
            "8000::/1",
            "2001:db8::/32",
          ),
        ],
        options,
      ),
    ).toEqual([])
  },

  "values of another type": () => {
    const values = [null, true, ["198.51.100.7"], { ip: "198.51.100.7" }, 1.5, ""]
    for (const type of [
      "ip",
      "cidr",
      "hostname",
      "port",
      "{ type: integer, min: 0, max: 9 }",
      "{ type: enum, values: [a] }",
      "text",
      "{ type: path, root: . }",
    ])
      expect(failuresOf(type, refused("value: ", ...values))).toEqual([])
  },

  "a forged sender": async () => {
    const folder = temporaryFolder()
    const server = generateKeyPair()
    const [alice, mallory] = [generateKeyPair({ name: "alice" }), generateKeyPair({ name: "mallory" })]
    await server.save(join(folder, "server.key"))
    mkdirSync(join(folder, "clients"), { mode: 0o700 })
    for (const [name, { public: certificate }] of Object.entries({ alice, mallory }))
      await certificate.save(join(folder, "clients", `${name}.key`))
    const port = await freePort()
    const config = telling("text", ", senders: [alice]").replace(
      "sources:\n",
      `sources:\n  bus: { type: zmq, socket: router, bind: "tcp://127.0.0.1:${port}", security: { cert: ./server.key_secret, clients: ./clients } }\n`,
    )
    const respond = await startResponder(config, { folder })
    const send = async (client: typeof alice, claim: string) => {
      using dealer = new Dealer({ security: { client, serverKey: server.publicKey } })
      dealer.connect(`tcp://127.0.0.1:${port}`)
      const data = { value: claim, sender: "alice", ohmqsender: "alice" }
      const event = {
        specversion: "1.0",
        id: claim,
        source: "/x",
        type: "alert.fired",
        ohmqsender: "alice",
        sender: "alice",
        data,
      }
      await dealer.send(["alert.fired", JSON.stringify(event)])
      await dealer.receive()
    }
    await send(mallory, "forged")
    await respond.alert({ value: "by webhook", ohmqsender: "alice", sender: "alice" })
    await send(alice, "real")
    await respond.reached("ended")
    expect(printed(await respond.entries())).toEqual(["real\nend\n"])
    expect(await suppressed(respond)).toEqual({ sender: 2 })
    expect((await respond.recorded("response.suppressed")).map(({ example }) => example)).toMatchObject([
      { detail: "The sender mallory is not listed", event: { sender: "mallory" } },
      { detail: "It has no authenticated sender" },
    ])
  },

  "a webhook without the secret": async () => {
    const respond = await startResponder(telling("text"))
    const post = (headers: Record<string, string>) =>
      fetch(`${respond.responder.address}/alerts`, {
        method: "POST",
        body: '{"value":"x"}',
        headers: { "content-type": "application/json", ...headers },
      })
    for (const headers of [
      {},
      { authorization: "Bearer wrong" },
      { authorization: `Basic ${token}` },
      { authorization: `Bearer ${token}x` },
    ])
      expect((await post(headers as Record<string, string>)).status).toBe(401)
    await respond.alert({ value: "right" })
    await respond.reached("ended")
    expect(printed(await respond.entries())).toEqual(["right\nend\n"])
  },

  "a replay": async () => {
    Object.assign(process.env, { STANDARD_SECRET: standardSecret })
    const config = telling("text").replace(
      "preset: token, path: /alerts, secret: env:ALERT_TOKEN, eventType: alert.fired",
      "preset: standard-webhooks, path: /alerts, secret: env:STANDARD_SECRET",
    )
    const respond = await startResponder(config)
    const post = async (id: string, timestamp: number) => {
      const body = JSON.stringify({ type: "alert.fired", value: id })
      const key = Buffer.from(standardSecret.slice(6), "base64")
      const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")
      const headers = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": `v1,${signature}`,
      }
      const response = await fetch(`${respond.responder.address}/alerts`, { method: "POST", body, headers })
      return [response.status, await response.json()]
    }
    const now = Math.floor(Date.now() / 1000)
    expect(await post("first", now)).toEqual([202, { stored: 1, duplicates: 0 }])
    for (let i = 0; i < 5; i++) expect(await post("first", now)).toEqual([202, { stored: 0, duplicates: 1 }])
    expect((await post("old", now - 3600))[0]).toBe(401)
    await post("last", now)
    await respond.reached("ended", 2)
    expect(printed(await respond.entries())).toEqual(["first\nend\n", "last\nend\n"])
  },

  "the same alert under new ids": async () => {
    const respond = await startResponder(telling("ip", ", dedupe: { key: data.value, window: 10m }"))
    await Promise.all(Array.from({ length: 50 }, () => respond.alert({ value: "198.51.100.7" })))
    await until(async () => (await suppressed(respond)).duplicate === 49)
    respond.clock.forward(600_001)
    await respond.alert({ value: "198.51.100.7" })
    await respond.reached("ended", 2)
    expect(endsOf(await respond.entries())).toEqual(["action done", "action done"])
  },

  "a flood": async () => {
    const port = await freePort()
    const config = telling("ip", ", limit: { count: 3, per: 1h }, subject: { key: data.value, cooldown: 1h }")
    const respond = await startResponder(withPull(config, port))
    const begun = Date.now()
    await flood(respond, port, 6_000, (index) => ({ value: `100.64.${index >> 8}.${index & 255}` }))
    await respond.reached("ended", 3)
    expect(await suppressed(respond)).toEqual({ limit: 5_997 })
    const entries = await respond.entries()
    expect(endsOf(entries)).toEqual(["action done", "action done", "action done"])
    // Five a second, those before the three decisions, and those of the decisions.
    expect(entries.length).toBeLessThan(15 + (Date.now() - begun) / 200)
    expect(await respond.metric('ohmq_respond_suppressed_total{rule="all",reason="limit"}')).toBe(5_997)
    expect(respond.log.filter(({ rule }) => rule !== undefined)).toEqual([])
  },

  "a flood of refused values": async () => {
    const port = await freePort()
    const respond = await startResponder(withPull(telling("ip"), port))
    const begun = Date.now()
    await flood(respond, port, 2000, (index) => ({ value: `$(reboot ${index})` }))
    expect(await suppressed(respond)).toEqual({ refused: 2000 })
    const said = respond.log.filter(({ msg }) => msg === "An alert met a rule and led to nothing")
    expect(said[0]).toMatchObject({
      rule: "all",
      suppressed: "refused",
      reason: 'value: Expected an address of IPv4 or IPv6 but received "$(reboot 0)"',
    })
    expect(said.length).toBeLessThan(2 + (Date.now() - begun) / 10_000)
    const entries = await respond.entries()
    expect(entries.every(({ type }) => type === "response.suppressed")).toBe(true)
    expect(entries[0]?.example).toMatchObject({
      detail: 'value: Expected an address of IPv4 or IPv6 but received "$(reboot 0)"',
    })
    expect(entries.length).toBeLessThan(2 + (Date.now() - begun) / 200)
  },

  "a huge alert": async () => {
    const respond = await startResponder(telling("text"))
    expect(await respond.alert({ value: "a", more: "x".repeat(900_000) })).toBe(202)
    expect(await respond.alert({ value: "a", more: "x".repeat(2 << 20) })).toBe(413)
    await respond.alert({ value: "a" })
    await respond.reached("ended")
    expect(await suppressed(respond)).toEqual({ "too large": 1 })
    expect(printed(await respond.entries())).toEqual(["a\nend\n"])
  },

  "an expensive condition": async () => {
    const nested = (when: string) => () =>
      parseRules(telling("text").replace('when: "true"', `when: '${when}'`), "rules.yaml")
    const message = "rules[0].when: Macros such as all, exists or map cannot stand within one another here"
    expect(nested("data.a.exists(x, data.a.exists(y, x == y))")).toThrow(message)
    expect(nested("data.a.all(x, x in data.a.map(y, y + 1))")).toThrow(message)
    const config = telling("text", ", maxEvent: 1MiB").replace(
      'when: "true"',
      `when: 'data.list.exists(x, x.matches("^(a+)+$") && x.size() > 5000) || data.value == "last"'`,
    )
    const respond = await startResponder(config)
    // Backtracking, or work that grows with the square, would take hours.
    await respond.alert({ value: "x", list: Array.from({ length: 100 }, () => `${"a".repeat(5000)}b`) })
    await respond.alert({ value: "x", list: Array.from({ length: 50_000 }, () => "aaaa!") })
    await respond.alert({ value: "last", list: [] })
    await respond.reached("ended")
  },

  "huge keys": async () => {
    const rule = ", dedupe: { key: data.key, window: 10m }, subject: { key: data.key, cooldown: 1h }, maxEvent: 1MiB"
    const respond = await startResponder(telling("text", rule))
    const key = "k".repeat(100_000)
    await respond.alert({ value: "a", key })
    await respond.alert({ value: "b", key })
    await respond.alert({ value: "c", key: `${key}k` })
    await respond.reached("ended", 2)
    const [first] = await respond.recorded("response.decided")
    expect(first).toMatchObject({ subject: `sha256:${createHash("sha256").update(key).digest("hex")}` })
    expect(JSON.stringify(await respond.entries()).length).toBeLessThan(8000)
    expect(await suppressed(respond)).toEqual({ duplicate: 1 })
  },

  "approval by the same person twice": async () => {
    const config = telling("text", ", approve: { people: 2 }").replace(
      "sources:",
      "people: { alice: { uid: 1001 }, bob: { uid: 1002 } }\nsources:",
    )
    const respond = await startResponder(config)
    await respond.alert({ value: "a" })
    const [{ id } = { id: "" }] = await respond.reached("waiting")
    await respond.responder.approve(id, "alice")
    await expect(respond.responder.approve(id, "alice")).rejects.toThrow("It needs 2 different people")
    expect(respond.responder.pending()).toHaveLength(1)
    const same = config.replace("1002", "1001")
    expect(() => parseRules(same, "rules.yaml")).toThrow(
      "people.bob.uid: alice has this user id already: two people are two users",
    )
    expect(() => parseRules(config.replace("bob: { uid: 1002 }", ""), "rules.yaml")).toThrow(
      "2 people must approve, and 1 may",
    )
  },

  "approval after the time is over": async () => {
    const respond = await startResponder(telling("text", ", approve: { timeout: 10m }"))
    await respond.alert({ value: "a" })
    const [{ id } = { id: "" }] = await respond.reached("waiting")
    respond.clock.forward(600_000)
    // Whichever comes first, the time limit or this.
    await expect(respond.responder.approve(id, "uid:0")).rejects.toThrow(/The time to approve|it is ended/)
    await respond.reached("ended")
    expect(endsOf(await respond.entries())).toEqual([])
    expect(await respond.recorded("response.refused")).toMatchObject([{ by: "time limit" }])
  },

  "undo while the action runs": async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    const sh = (text: string) => `${user}command: [sh, -c, '${text}', sh, ${folder}]`
    const config = configWith(`
actions:
  slow: { type: exec, ${sh("until test -e $1/go; do sleep 0.05; done; date +%s%N")}, undo: { ${sh("date +%s%N")} } }
rules:
  - { name: all, when: "true", do: slow }
`)
    const respond = await startResponder(config, { folder })
    await respond.alert({})
    const [{ id } = { id: "" }] = await respond.reached("running")
    await respond.responder.undo(id, "alice")
    expect(endsOf(await respond.entries())).toEqual([])
    writeFileSync(join(folder, "go"), "")
    await respond.reached("ended")
    const entries = await respond.entries()
    expect(entries.map(({ type, run }) => [type, run].join(" ").trim())).toEqual([
      ...["response.decided", "response.started action", "response.undo", "response.finished action"],
      ...["response.started undo", "response.finished undo"],
    ])
    const [done, undone] = printed(entries).map(BigInt)
    expect((undone ?? 0n) > (done ?? 0n)).toBe(true)
  },

  "an old alert": async () => {
    const folder = temporaryFolder()
    const config = telling("text", ", maxAge: 10m")
    const respond = await startResponder(config, { folder })
    respond.clock.forward(600_001)
    await respond.alert({ value: "old" })
    await until(async () => (await suppressed(respond))["too old"] === 1)
    expect(respond.responder.list()).toEqual([])
  },
}

/** Sends many alerts over ØMQ. */
async function flood(respond: Respond, port: number, count: number, data: (index: number) => unknown): Promise<void> {
  using push = new Push()
  push.connect(`tcp://127.0.0.1:${port}`)
  for (let index = 0; index < count; index++)
    await push.send(encode(createEvent({ source: "/flood", type: "alert.fired", data: data(index) })) as Buffer[])
  await until(async () => (await respond.metric('ohmq_relay_events_out_total{sink="respond"}')) === count)
}

/** A source for floods. */
const withPull = (config: string, port: number) =>
  config.replace("sources:\n", `sources:\n  bus: { type: zmq, socket: pull, bind: "tcp://127.0.0.1:${port}" }\n`)

describe("An attacker", () => {
  for (const { test, happens } of attacks) it(`${test}: ${happens}`, () => tests[test]?.())

  it("has a test for each row of the table", () => {
    expect(Object.keys(tests).toSorted()).toEqual(attacks.map(({ test }) => test).toSorted())
  })
})
