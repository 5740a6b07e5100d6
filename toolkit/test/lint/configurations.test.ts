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

  it("finds an address whose scheme is in upper case", () => {
    expect(found(config(timer, webhook("HTTP://example.com/a")))).toEqual(["9:28 unencrypted-connect"])
  })

  it("refuses what is no valid configuration", () => {
    expect(() => lintText("version: 1\nsources: {}\n", "relay.yaml")).toThrow(/^relay.yaml:1:1: store: It is required/)
    expect(() => lintText("a: [", "relay.yaml")).toThrow(/^relay.yaml:/)
    expect(() => lintText("services: {}", "a.yaml")).toThrow(/^a.yaml:1:1: It is no configuration of ohmq: a relay has/)
    expect(() => lintText("- a", "a.yaml")).toThrow(/^a.yaml:1:1: Expected a map/)
    expect(() => lintText("", "a.yaml")).toThrow(/^a.yaml:1:1: Expected a map/)
  })

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
