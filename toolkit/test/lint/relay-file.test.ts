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

  it("refuses what is no valid configuration", () => {
    expect(() => lintText("version: 1\nsources: {}\n", "relay.yaml")).toThrow(/^relay.yaml:1:1: store: It is required/)
    expect(() => lintText("a: [", "relay.yaml")).toThrow(/^relay.yaml:/)
  })
})
