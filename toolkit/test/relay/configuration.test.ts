import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseConfig } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"
import { basic, env, ohmq, temporaryFolder } from "./support.js"

Object.assign(process.env, { GITHUB_SECRET: env.GITHUB_SECRET, STANDARD_SECRET: env.STANDARD_SECRET })

/** The mistakes in a configuration that differs from the basic one. */
function mistakes(from: string, to: string, folder = "/nowhere"): string[] {
  expect(basic).toContain(from)
  try {
    parseConfig(basic.replace(from, to), join(folder, "relay.yaml"))
  } catch (error) {
    return (error as Error).message.split("\n").map((line) => line.slice(folder.length + 1))
  }
  return []
}

const archive = "{ type: file, path: ./events.ndjson }"
const hooks = "{ type: webhook, preset: github, path: /github, secret: env:GITHUB_SECRET }"

describe("parseConfig", () => {
  it("takes the basic configuration", () => {
    expect(mistakes("version: 1", "version: 1")).toEqual([])
  })

  it.each([
    // The top.
    ["version: 1", "version: 2", 'relay.yaml:1:10: version: Unknown value "2". Expected 1'],
    ["store:", "stroe: {}\nstore:", 'relay.yaml:2:1: stroe: Unknown option "stroe". Did you mean "store"?'],
    ["version: 1", "version: 1\nversion: 1", "relay.yaml:2:1: Map keys must be unique"],
    [
      "./data }",
      "./data, maxBytes: 1GB5 }",
      'relay.yaml:2:34: store.maxBytes: Expected a size with a unit, such as "64MiB". The units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB',
    ],
    [
      "./data }",
      "./data, retention: 7 }",
      'relay.yaml:2:35: store.retention: Expected a duration with a unit, such as "30s". The units are ms, s, m, h, d',
    ],
    ['"127.0.0.1:0"', '"8080"', 'relay.yaml:3:17: http.listen: Expected HOST:PORT, such as "127.0.0.1:8080"'],
    [
      '"127.0.0.1:0"',
      '"0.0.0.0:0"',
      "relay.yaml:3:17: http.listen: 0.0.0.0 can be reached from other machines, and HTTP is not encrypted. Put a proxy with TLS before it and listen on 127.0.0.1, or set insecure: true",
    ],
    // Sources.
    [
      "type: webhook",
      "type: webhok",
      'relay.yaml:5:18: sources.hooks.type: Unknown type "webhok". Did you mean "webhook"?',
    ],
    [
      "preset: github",
      "preset: gihub",
      'relay.yaml:5:35: sources.hooks.preset: Unknown value "gihub". Did you mean "github"?',
    ],
    [
      "secret: env",
      "secert: env",
      "relay.yaml:5:10: sources.hooks.secret: Expected a secret as env:NAME or file:PATH. Secrets do not belong in the configuration itself",
      'relay.yaml:5:58: sources.hooks.secert: Unknown option "secert". Did you mean "secret"?',
    ],
    [
      "env:GITHUB_SECRET",
      "env:NOT_SET",
      "relay.yaml:5:66: sources.hooks.secret: The environment variable NOT_SET is not set",
    ],
    ["path: /github", "path: github", 'relay.yaml:5:49: sources.hooks.path: Expected a path such as "/github"'],
    [
      hooks,
      "{ type: zmq, socket: pull, bind: 'tcp://0.0.0.0:1' }",
      "relay.yaml:5:43: sources.hooks.bind: tcp://0.0.0.0:1 goes beyond this machine, unencrypted. Add security, or set insecure: true",
    ],
    [hooks, "{ type: zmq, socket: pull }", "relay.yaml:5:10: sources.hooks: Expected either bind or connect"],
    [
      hooks,
      "{ type: zmq, socket: pul, bind: 'tcp://127.0.0.1:1' }",
      'relay.yaml:5:31: sources.hooks.socket: Unknown value "pul". Did you mean "pull"?',
    ],
    [
      hooks,
      "{ type: timer, every: 1 }",
      'relay.yaml:5:32: sources.hooks.every: Expected a duration with a unit, such as "30s". The units are ms, s, m, h, d',
    ],
    // Routes.
    [
      "to: [archive]",
      "to: [archiv]",
      'relay.yaml:7:73: routes[0].to[0]: There is no sink "archiv". Did you mean "archive"?',
    ],
    [
      "'type != ",
      "'typ != ",
      'relay.yaml:7:39: routes[0].when: Unknown name "typ". Did you mean "type"? (Extension attributes are read as attributes.NAME)',
    ],
    [
      `'type != "com.github.ping"'`,
      "'type =='",
      "relay.yaml:7:39: routes[0].when: Invalid CEL expression at character 6: found = but expecting end of input",
    ],
    [
      "to: [archive]",
      "to: [archive], whenFull: drop",
      'relay.yaml:7:93: routes[0].whenFull: Unknown value "drop". Expected one of refuse, wait, drop-oldest',
    ],
    // Steps of routes.
    [
      "to: [archive]",
      'to: [archive], set: { data.a: "size(" }',
      'relay.yaml:7:98: routes[0].set."data.a": Invalid CEL expression at character 5: found ( but expecting end of input',
    ],
    [
      "to: [archive]",
      "to: [archive], set: { subject: dta.title }",
      'relay.yaml:7:99: routes[0].set.subject: Unknown name "dta". Did you mean "data"? (Extension attributes are read as attributes.NAME)',
    ],
    [
      "to: [archive]",
      "to: [archive], set: { id: \"'1'\" }",
      "relay.yaml:7:90: routes[0].set.id: The attribute id stays as it is: it says which event this is, or how to read it",
    ],
    [
      "to: [archive]",
      "to: [archive], set: { Subject: data.title }",
      'relay.yaml:7:90: routes[0].set.Subject: Expected an attribute, whose name has the characters a-z and 0-9 only, or a path into the data. Did you mean "subject"?',
    ],
    [
      "to: [archive]",
      "to: [archive], set: { data.*.a: data.b }",
      'relay.yaml:7:90: routes[0].set."data.*.a": Expected one place: "*" stands for several',
    ],
    [
      "to: [archive]",
      "to: [archive], set: { subject: 5 }",
      "relay.yaml:7:99: routes[0].set.subject: Expected a CEL expression. A fixed text has quotes inside the quotes: \"'text'\"",
    ],
    [
      "to: [archive]",
      "to: [archive], drop: [user.email]",
      'relay.yaml:7:90: routes[0].drop[0]: Expected a path into the data, such as data.user.name or data.items.*.id. Quote names with other characters: data."odd name"',
    ],
    [
      "to: [archive]",
      "to: [archive], drop: [data..email]",
      'relay.yaml:7:90: routes[0].drop[0]: Expected a path into the data, such as data.user.name or data.items.*.id. Quote names with other characters: data."odd name"',
    ],
    [
      "to: [archive]",
      "to: [archive], drop: data.email",
      "relay.yaml:7:89: routes[0].drop: Expected a list but received text",
    ],
    [
      "to: [archive]",
      "to: [archive], redact: {}",
      "relay.yaml:7:91: routes[0].redact: Expected paths or patterns, or both",
    ],
    [
      "to: [archive]",
      "to: [archive], redact: { patterns: ['(?=x)'] }",
      "relay.yaml:7:104: routes[0].redact.patterns[0]: Invalid regular expression (RE2): invalid or unsupported Perl syntax: `(?=`",
    ],
    [
      "to: [archive]",
      "to: [archive], redact: { patterns: ['x*'] }",
      "relay.yaml:7:104: routes[0].redact.patterns[0]: The pattern matches empty text, so that it would match everywhere",
    ],
    [
      "to: [archive]",
      "to: [archive], redact: { paths: ['data.\"x'] }",
      'relay.yaml:7:101: routes[0].redact.paths[0]: Expected a path into the data, such as data.user.name or data.items.*.id. Quote names with other characters: data."odd name"',
    ],
    [
      "to: [archive]",
      "to: [archive], redact: [data.token]",
      "relay.yaml:7:91: routes[0].redact: Expected a map of options but received a list",
    ],
    ["to: [archive]", "to: [archive], sample: 0", "relay.yaml:7:91: routes[0].sample: Expected more than 0"],
    [
      "to: [archive]",
      "to: [archive], sample: 10%",
      "relay.yaml:7:91: routes[0].sample: Expected a fraction, such as 0.1",
    ],
    ["to: [archive]", "to: [archive], sample: 1.5", "relay.yaml:7:91: routes[0].sample: Expected at most 1"],
    [
      "to: [archive]",
      "to: [archive], rate: 100",
      "relay.yaml:7:89: routes[0].rate: Expected a map of options but received a number",
    ],
    [
      "to: [archive]",
      "to: [archive], rate: { limit: 0, per: 1m }",
      "relay.yaml:7:98: routes[0].rate.limit: Expected at least 1",
    ],
    [
      "to: [archive]",
      "to: [archive], rate: { limit: 10, per: 1 }",
      'relay.yaml:7:107: routes[0].rate.per: Expected a duration with a unit, such as "30s". The units are ms, s, m, h, d',
    ],
    [
      "to: [archive]",
      "to: [archive], rate: { limit: 10, per: 0s }",
      "relay.yaml:7:107: routes[0].rate.per: Expected a period above 0, such as 1m",
    ],
    [
      "to: [archive]",
      "to: [archive], rate: { limit: 10, per: 1m, over: deadletter }",
      'relay.yaml:7:117: routes[0].rate.over: Unknown value "deadletter". Did you mean "dead-letter"?',
    ],
    // Delivery.
    [
      archive,
      "{ type: file, path: a, delivery: { batchBytes: 0B } }",
      'relay.yaml:9:59: sinks.archive.delivery.batchBytes: Expected a size above 0, such as "1MiB"',
    ],
    [
      archive,
      "{ type: file, path: a, delivery: { batchWait: 5 } }",
      'relay.yaml:9:58: sinks.archive.delivery.batchWait: Expected a duration with a unit, such as "30s". The units are ms, s, m, h, d',
    ],
    [
      archive,
      "{ type: file, path: a, delivery: { retryMin: 1h } }",
      "relay.yaml:9:45: sinks.archive.delivery.retryMax: It is 5m by default, less than retryMin, which is 1h. Set retryMax to 1h or more, or retryMin to 5m or less",
    ],
    [
      archive,
      "{ type: file, path: a, delivery: { retryMin: 90s, retryMax: 500ms } }",
      "relay.yaml:9:72: sinks.archive.delivery.retryMax: It is 500ms, less than retryMin, which is 90s. Set retryMax to 90s or more, or retryMin to 500ms or less",
    ],
    [
      archive,
      "{ type: webhook, url: 'https://example.com', concurrency: 0 }",
      "relay.yaml:9:70: sinks.archive.concurrency: Expected at least 1",
    ],
    [
      archive,
      "{ type: webhook, url: 'https://example.com', compression: gzp }",
      'relay.yaml:9:70: sinks.archive.compression: Unknown value "gzp". Did you mean "gzip"?',
    ],
    // Sinks.
    [
      "path: ./events.ndjson",
      "path: ./events.ndjson, maxBytes: 10",
      'relay.yaml:9:59: sinks.archive.maxBytes: Expected a size with a unit, such as "64MiB". The units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB',
    ],
    [archive, "{ type: file }", "relay.yaml:9:12: sinks.archive.path: It is required, and must be text"],
    [
      archive,
      "{ type: webhook, url: example.com }",
      'relay.yaml:9:34: sinks.archive.url: Expected a URL such as "https://example.com/hook"',
    ],
    [
      archive,
      "{ type: webhook, url: 'http://example.com' }",
      "relay.yaml:9:34: sinks.archive.url: http: is not encrypted. Use https:, or set insecure: true",
    ],
    [
      archive,
      "{ type: webhook, url: 'https://example.com', secret: env:GITHUB_SECRET }",
      "relay.yaml:9:65: sinks.archive.secret: A secret of Standard Webhooks is whsec_ and the Base64 of 24 to 64 bytes",
    ],
    [
      archive,
      "{ type: file, path: a, delivery: { batch: 0 } }",
      "relay.yaml:9:54: sinks.archive.delivery.batch: Expected at least 1",
    ],
  ])("refuses %j replaced by %j", (from, to, ...expected) => {
    expect(mistakes(from, to)).toEqual(expected)
  })

  it("never repeats what may be a secret", () => {
    expect(mistakes("env:GITHUB_SECRET", "hunter2-in-the-clear").join()).not.toContain("hunter2")
  })

  it("refuses a secret file that others can read", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "hook.secret"), "x")
    chmodSync(join(folder, "hook.secret"), 0o644)
    expect(mistakes("env:GITHUB_SECRET", "file:hook.secret", folder)).toEqual([
      "relay.yaml:5:66: sources.hooks.secret: Others than its owner may read or write hook.secret. Run: chmod 600 hook.secret",
    ])
    chmodSync(join(folder, "hook.secret"), 0o600)
    expect(mistakes("env:GITHUB_SECRET", "file:hook.secret", folder)).toEqual([])
  })
})

describe("ohmq relay check", () => {
  it("says that a configuration is valid, or lists its mistakes and exits with 2", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "good.yaml"), basic)
    writeFileSync(join(folder, "bad.yaml"), basic.replace("sinks:", "snks:"))
    expect(ohmq(folder, "relay", "check", "good.yaml")).toEqual({
      status: 0,
      stdout: "good.yaml is valid: 1 source, 1 route, 1 sink\n",
      stderr: "",
    })
    const { status, stderr } = ohmq(folder, "relay", "check", "bad.yaml")
    expect(status).toBe(2)
    expect(stderr).toContain('bad.yaml:8:1: snks: Unknown option "snks". Did you mean "sinks"?')
  })

  it("takes what init writes", () => {
    const folder = temporaryFolder()
    expect(ohmq(folder, "relay", "init").status).toBe(0)
    expect(ohmq(folder, "relay", "check").stdout).toBe("relay.yaml is valid: 2 sources, 1 route, 1 sink\n")
    expect(ohmq(folder, "relay", "init").stderr).toBe("error: relay.yaml is there already\n")
  })
})
