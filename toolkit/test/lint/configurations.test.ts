import process from "node:process"
import { lintText } from "ohmq-toolkit/lint"
import { describe, expect, it } from "vitest"

const config = (source: string, sink = "{ type: file, path: ./a.ndjson }", http = "127.0.0.1:0") => `version: 1
store: { path: ./data }
http: { listen: "${http}", insecure: true }
sources:
  a: ${source}
routes:
  - { name: all, from: [a], to: [b] }
sinks:
  b: ${sink}
`
const timer = "{ type: timer, every: 1s }"
const found = (text: string) =>
  lintText(text, "relay.yaml").map(({ rule, line, column }) => `${line}:${column} ${rule}`)

describe("lintText of a configuration", () => {
  it.each([
    ['{ type: zmq, socket: pull, bind: "tcp://*:1", insecure: true }', ["5:39 public-bind"]],
    ['{ type: zmq, socket: sub, connect: ["ipc://a", "tcp://b:1"], insecure: true }', ["5:53 unencrypted-connect"]],
    ['{ type: zmq, socket: pull, bind: "tcp://127.0.0.1:1" }', []],
    ['{ type: zmq, socket: pull, bind: "tcp://*:1", security: { cert: ./a, clients: ./b } }', []],
    ['{ type: link, bind: "tcp://*:1", insecure: true }', ["5:26 public-bind"]],
    ['{ type: syslog, bind: "udp://0.0.0.0:514", insecure: true }', ["5:28 public-bind"]],
    ['{ type: syslog, bind: "tls://0.0.0.0:6514", cert: ./a, key: ./b }', []],
  ])("finds sources that others can reach: %s", (source, rules) => {
    expect(found(config(source))).toEqual(rules)
  })

  const webhook = (url: string) => `{ type: webhook, url: "${url}", secret: env:A, insecure: true }`

  it.each([
    ['{ type: link, connect: "tcp://hub:1", insecure: true }', ["9:29 unencrypted-connect"]],
    [webhook("http://example.com/a"), ["9:28 unencrypted-connect"]],
    [webhook("https://example.com/a"), []],
    [webhook("http://127.0.0.1:1/a"), []],
    [
      '{ type: jetstream, servers: "nats://hub:4222", stream: A, subject: a, insecure: true }',
      ["9:34 unencrypted-connect"],
    ],
  ])("finds sinks that send unencrypted: %s", (sink, rules) => {
    expect(found(config(timer, sink))).toEqual(rules)
  })

  it("finds an HTTP server that others can reach", () => {
    expect(found(config(timer, undefined, "0.0.0.0:8080"))).toEqual(["3:17 public-bind"])
  })

  it("ignores what a comment gives a reason for", () => {
    const text = config(timer, undefined, "0.0.0.0:8080")
    expect(
      found(text.replace("\nhttp", "\n# ohmq-lint-ignore public-bind a proxy with TLS stands before it\nhttp")),
    ).toEqual([])
    expect(found(config(timer).replace("\nhttp", "\n# ohmq-lint-ignore public-bind there is a proxy\nhttp"))).toEqual([
      "3:1 bad-ignore",
    ])
  })

  it("finds a store that is shared unencrypted", () => {
    const shared = "{ servers: [tls://b:4222, nats://hub:4222], stream: a, insecure: true }"
    expect(found(config(timer).replace("{ path: ./data }", `{ jetstream: ${shared} }`))).toEqual([
      "2:47 unencrypted-connect",
    ])
    expect(
      found(config(timer).replace("{ path: ./data }", "{ jetstream: { servers: tls://hub, stream: a } }")),
    ).toEqual([])
  })

  /** What to do about the only finding. */
  const advice = (text: string) => lintText(text, "relay.yaml").map((finding) => finding.advice)
  const clients = "Bind to 127.0.0.1 or ipc://, or use CURVE: security: { cert, clients }"
  const serverKey = "Use CURVE: security: { cert, serverKey }"

  it.each([
    ['{ type: zmq, socket: pull, bind: "tcp://*:1", insecure: true }', clients],
    ['{ type: link, bind: "tcp://*:1", insecure: true }', clients],
    ['{ type: zmq, socket: sub, connect: "tcp://b:1", insecure: true }', serverKey],
    ['{ type: syslog, bind: "udp://0.0.0.0:514", insecure: true }', "Bind to 127.0.0.1, or use tls: with cert and key"],
  ])("says what to do about a source: %s", (source, expected) => {
    expect(advice(config(source))).toEqual([expected])
  })

  it.each([
    ['{ type: link, connect: "tcp://hub:1", insecure: true }', serverKey],
    [webhook("http://example.com/a"), "Use https:"],
    ['{ type: jetstream, servers: "nats://hub:4222", stream: A, subject: a, insecure: true }', "Use tls:"],
    ['{ type: syslog, connect: "tcp://hub:514", insecure: true }', "Use tls:"],
  ])("says what to do about a sink: %s", (sink, expected) => {
    expect(advice(config(timer, sink))).toEqual([expected])
  })

  it("says what to do about an HTTP server, which has no CURVE", () => {
    expect(advice(config(timer, undefined, "0.0.0.0:80"))).toEqual([
      "Put a proxy with TLS before it, and listen on 127.0.0.1",
    ])
  })

  it("finds an address whose scheme is in upper case", () => {
    expect(found(config(timer, webhook("HTTP://example.com/a")))).toEqual(["9:28 unencrypted-connect"])
  })

  it("refuses what is no valid configuration", () => {
    expect(() => lintText("version: 1\nsources: {}\n", "relay.yaml")).toThrow(/^relay.yaml:1:1: store: It is required/)
    expect(() => lintText("a: [", "relay.yaml")).toThrow(/^relay.yaml:/)
    expect(() => lintText("services: {}", "a.yaml")).toThrow(
      /^a.yaml:1:1: This is not a configuration of ohmq: a relay has/,
    )
    expect(() => lintText("- a", "a.yaml")).toThrow(/^a.yaml:1:1: Expected a map/)
    expect(() => lintText("", "a.yaml")).toThrow(/^a.yaml:1:1: Expected a map/)
  })

  it("refuses what is too large for a configuration", () => {
    expect(() => lintText(`${config(timer)}# ${"x".repeat(2 ** 20)}`, "a.yaml")).toThrow(
      "a.yaml:1:1: It is larger than 1 MiB",
    )
  })

  /** The first mistake of what is refused, and the seconds of CPU that it took. */
  const refused = (text: string) => {
    const before = process.cpuUsage()
    let message = ""
    try {
      lintText(text, "a.yaml")
    } catch (error) {
      message = (error as Error).message
    }
    const end = message.indexOf("\n")
    return { first: end < 0 ? message : message.slice(0, end), seconds: process.cpuUsage(before).user / 1e6 }
  }

  it("refuses a map with 60,000 keys, and a text with 400,000 mistakes, within seconds", () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `  k${index}: 1\n`).join("")
    const unknown = refused(`version: 1\nstore:\n${keys}`)
    expect(unknown.first).toContain("a.yaml:1:1: sources: It is required")
    const repeated = refused(`version: 1\nstore:\n${keys}  k7: 1\n`)
    expect(repeated.first).toBe("a.yaml:60003:3: Map keys must be unique")
    const commas = refused(`{${", ".repeat(400_000)}`)
    expect(commas.first).toBe("a.yaml:1:4: Unexpected , in flow map")
    for (const { seconds } of [unknown, repeated, commas]) expect(seconds).toBeLessThan(10)
  }, 120_000)

  it.each([
    ["a: 1\nb: 2\na: 3", "3:1"],
    ["\"a\": 1\n'a': 2", "2:1"],
    ["a: { b: 1, c: 2, b: 3 }", "1:18"],
    ["? { a: 1, a: 2 }\n: b", "1:11"],
    ["- a: 1\n  &anchor a: 2", "2:11"],
    ["~: 1\nnull: 2", "2:1"],
  ])("refuses a key that a map has already: %j", (text, place) => {
    expect(() => lintText(text, "a.yaml")).toThrow(`a.yaml:${place}: Map keys must be unique`)
  })

  it.each(["{ a: 1, b: { a: 1 } }", '{ 1: a, "1": b }', "{ .nan: 1, .NaN: 2 }", "{ [a]: 1, [a]: 2 }"])(
    "takes keys that differ: %s",
    (text) => expect(() => lintText(text, "a.yaml")).toThrow("This is not a configuration of ohmq"),
  )

  it.each(["[".repeat(20_000), `store: ${"{a: ".repeat(20_000)}1${"}".repeat(20_000)}`])(
    "says of what is nested too deeply only that",
    (text) => expect(() => lintText(text, "a.yaml")).toThrow(/^a.yaml:1:\d+: It is nested too deeply$/),
  )

  it.each(["tests: []", "config: relay.yaml\ntests: [{ name: a }]"])("finds nothing in tests of rules: %s", (text) => {
    expect(lintText(text, "relay.test.yaml")).toEqual([])
  })

  it("checks the store that the processes of a task queue share", () => {
    const text = (servers: string) => `stream: tasks\nservers: ${servers}\ninsecure: true\n`
    expect(found(text("nats://hub:4222"))).toEqual(["2:10 unencrypted-connect"])
    expect(found(text("[tls://a:1, nats://hub:4222]"))).toEqual(["2:22 unencrypted-connect"])
    expect(found(text("nats://127.0.0.1:4222"))).toEqual([])
    expect(() => found(`${text("tls://hub")}replica: 1\n`)).toThrow(
      'relay.yaml:4:1: replica: Unknown option "replica". Did you mean "replicas"?',
    )
  })
})

describe("lintText of a configuration of the responder", () => {
  const rules = ({
    source = timer,
    action = "{ type: exec, command: [/bin/true], root: true }",
    http = "127.0.0.1:0",
  }) => `version: 1
store: { path: ./data }
audit: { path: ./audit }
http: { listen: "${http}", insecure: true }
sources:
  a: ${source}
actions:
  b: ${action}
rules:
  - { name: c, when: "true", do: b }
`

  it("takes it for what it is", () => {
    expect(found(rules({}))).toEqual([])
    expect(() => found(rules({}).replace("do: b", "do: d"))).toThrow(
      'relay.yaml:10:34: rules[0].do: There is no action "d"',
    )
    expect(() => found("rules: []\nversion: 1")).toThrow("relay.yaml:1:1: store: It is required")
    expect(() => found("actions: {}\nversion: 1")).toThrow("relay.yaml:1:1: store: It is required")
  })

  it.each([
    [{ http: "0.0.0.0:80" }, ["4:17 public-bind"]],
    [{ source: '{ type: zmq, socket: pull, bind: "tcp://*:1", insecure: true }' }, ["6:39 public-bind"]],
    [{ source: '{ type: zmq, socket: pull, bind: "ipc://a" }' }, []],
    [{ source: '{ type: link, bind: "tcp://*:1", security: { cert: ./a, clients: ./b } }' }, []],
    [{ action: '{ type: webhook, url: "http://example.com", insecure: true }' }, ["8:28 unencrypted-connect"]],
    [{ action: '{ type: publish, socket: pub, bind: "tcp://*:1", insecure: true }' }, ["8:42 public-bind"]],
    [{ action: '{ type: task, connect: "tcp://hub:1", insecure: true }' }, ["8:29 unencrypted-connect"]],
    [
      {
        action:
          '{ type: exec, command: [/bin/true], root: true, undo: { type: webhook, url: "http://b.c", insecure: true } }',
      },
      ["8:82 unencrypted-connect"],
    ],
    [{ action: '{ type: task, connect: "tcp://hub:1", security: { cert: ./a, serverKey: ./b } }' }, []],
  ])("finds addresses that are open: %o", (parts, expected) => {
    expect(found(rules(parts))).toEqual(expected)
  })
})

describe("lintText of conditions", () => {
  const secure = "security: { cert: ./a, clients: ./b }"
  const zmq = `{ type: zmq, socket: pull, bind: "ipc://a", ${secure} }`
  /** The messages for a route. */
  const messages = (when: string, source = zmq) =>
    lintText(config(source).replace("from: [a]", `from: [a], when: '${when}'`), "relay.yaml").map(
      ({ line, column, rule, message }) => `${line}:${column} ${rule}: ${message}`,
    )
  const says = (claim: string, limit = "") =>
    `7:35 trusted-header: routes.all decides by ${claim}, which the sender of an event chooses. The attribute sender is who was authenticated${limit}`

  it.each([
    ['source == "/admin"', "source"],
    ['"/admin" != source', "source"],
    ['source in ["/admin", "/root"]', "source"],
    ['source.startsWith("/admin")', "source"],
    ['source.matches("^/admin")', "source"],
    ['["/a", "/b"].exists(one, one == source)', "source"],
    ['{"/a": true}[source]', "source"],
    ['type == "order" && (data.role == "admin")', "data.role"],
    ['data["from"] == "boss"', "data.from"],
    ['data.user.name.contains("root")', "data.user"],
    ['string(data.userId) == "1"', "data.userId"],
    ['has(data.identity) && data.identity == "a"', "data.identity"],
    ['source == "/admin" && sender != ""', "source"],
    ['source == "/admin" || sender == "root"', "source"],
    ['source == "/admin" && (sender == "root" || type == "a")', "source"],
    ['sender == "a" ? true : source == "/admin"', "source"],
  ])("finds what decides by what the sender of an event chooses: %s", (when, claim) => {
    expect(messages(when)).toEqual([says(claim)])
  })

  it.each([
    'source == "/admin" && sender == "root"',
    '(source == "/admin" && sender == "root") || type == "a"',
    'sender in ["a", "b"] && type == "c" && data.role == "admin"',
    'sender == "a" ? source == "/admin" : false',
    "source == sender",
    "data.user == sender",
    'type == "order" && subject == "a"',
    'data.scenario.startsWith("a")',
    'data.labels.role == "db"',
    'data.user != ""',
    "has(data.user) && size(data.user) < 9",
    "data.items.all(one, one.user == 'a')".replaceAll("'", '"'),
  ])("says nothing about %s", (when) => {
    expect(messages(when)).toEqual([])
  })

  it.each([
    ['{ type: zmq, socket: router, bind: "ipc://a" }', [says("source", ", and needs security in sources.a")]],
    [`{ type: link, bind: "ipc://a", ${secure} }`, [says("source")]],
    ['{ type: link, bind: "ipc://a" }', [says("source", ", and needs security in sources.a")]],
    [`{ type: gate, bind: "ipc://a", ${secure}, deciders: [b] }`, [says("source")]],
    [`{ type: zmq, socket: pull, format: cloudevents, bind: "ipc://a", ${secure} }`, [says("source")]],
    // The relay says what their source is.
    [`{ type: zmq, socket: pull, format: json, bind: "ipc://a", ${secure} }`, []],
    ["{ type: timer, every: 1s }", []],
    // One server only has that key.
    ['{ type: zmq, socket: sub, connect: "ipc://a", security: { cert: ./a, serverKey: ./b } }', []],
  ])("knows who can send to %s", (source, expected) => {
    expect(messages('source == "/admin"', source)).toEqual(expected)
  })

  it("says what to do in a route", () => {
    const text = config(zmq).replace("from: [a]", "from: [a], when: 'source == \"/a\"'")
    expect(lintText(text, "a.yaml").map(({ advice }) => advice)).toEqual(["Ask for sender, too"])
  })

  it("finds each claim, and only of sources over ØMQ", () => {
    expect(messages('source == "/a" || data.user == "b" || source == "/c"')).toEqual([
      says("source"),
      says("data.user"),
    ])
    expect(
      messages('data.user == "a"', `{ type: zmq, socket: pull, format: json, bind: "ipc://a", ${secure} }`),
    ).toEqual([says("data.user")])
    expect(messages('data.user == "a"', "{ type: file, path: ./a, format: json }")).toEqual([])
  })

  it("looks at the rules of a responder", () => {
    const rules = (rule: string) => `version: 1
store: { path: ./data }
audit: { path: ./audit }
sources: { a: ${zmq}, b: ${timer} }
actions: { act: { type: exec, command: [/bin/true], root: true } }
rules:
  - { name: c, when: 'data.role == "admin"', do: act${rule} }
`
    expect(found(rules(""))).toEqual(["7:22 trusted-header"])
    expect(lintText(rules(""), "a.yaml")[0]?.advice).toBe("Ask for sender, too, or set senders of the rule")
    expect(found(rules(", from: [a]"))).toEqual(["7:22 trusted-header"])
    expect(found(rules(", from: [b]"))).toEqual([])
    expect(found(rules(", senders: [root]"))).toEqual([])
    expect(found(rules(" } # ohmq-lint-ignore trusted-header they are alerts #"))).toEqual([])
  })
})
