// `ohmq relay test`, by the real command.

import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { runTests } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"
import { ohmq, temporaryFolder } from "../relay/support.js"

const config = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  hooks: { type: webhook, preset: github, path: /github, secret: env:NOT_SET_HERE }
  scanners: { type: zmq, socket: pull, bind: "tcp://127.0.0.1:*" }
routes:
  - { name: all, from: [hooks, scanners], when: 'type != "com.github.ping"', to: [archive] }
  - { name: severe, from: [scanners], when: 'data.severity > 5', to: [archive, alerts] }
  - { name: mine, from: [scanners], when: 'sender == "scanner-7"', to: [] }
sinks:
  archive: { type: file, path: ./events.ndjson }
  alerts: { type: zmq, socket: pub, bind: "tcp://127.0.0.1:*" }
`

/** A folder with the configuration and some tests of it. */
function folderWith(tests: string): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, "relay.yaml"), config)
  writeFileSync(join(folder, "relay.test.yaml"), `tests:\n${tests}`)
  return folder
}

/** Runs some tests by the command. */
function run(tests: string, ...args: string[]) {
  const folder = folderWith(tests)
  const result = ohmq(folder, "relay", "test", ...args)
  // Nothing else is made: no store.
  expect(readdirSync(folder).toSorted()).toEqual(["relay.test.yaml", "relay.yaml"])
  return result
}

/** The failures of some tests, a line each. */
const failuresOf = (tests: string): string[] =>
  runTests(join(folderWith(tests), "relay.test.yaml")).flatMap(({ failures }) =>
    failures.map(({ line, column, path, message }) => `${line}:${column}: ${path}: ${message}`),
  )

const passed = (count: number) => (count === 1 ? "1 test, all passed\n" : `${count} tests, all passed\n`)

describe("ohmq relay test", () => {
  it("passes what is as expected, without secrets", () => {
    const { status, stdout, stderr } = run(`
  - name: a ping
    given: { from: hooks, event: { type: com.github.ping } }
    expect: { routes: [], sinks: {} }
  - name: a push, partly
    given: { from: hooks, event: { type: com.github.push, data: { ref: main, commits: [{ id: 1, by: x }] } } }
    expect:
      sinks: { archive: { id: "1", source: /test, datacontenttype: application/json, subject: null, data: { commits: [{ id: 1 }], size: null } } }
  - name: one event, two routes, once to the sink of both
    given: { from: scanners, event: { type: finding.reported, data: { severity: 7 } } }
    expect: { routes: [severe, all], sinks: { archive: {}, alerts: [{ data: { severity: 7 } }] } }
  - name: several events, in order
    given:
      - { from: hooks, event: { type: a, data: text } }
      - { from: scanners, event: { type: b, id: own, data_base64: AAE= } }
    expect: { sinks: { archive: [{ type: a, id: "1", data: text, datacontenttype: text/plain }, { type: b, id: own, data_base64: AAE= }] } }
  - name: the sender
    given: { from: scanners, event: { type: a, data: { severity: 1 } }, sender: scanner-7 }
    expect: { routes: [all, mine], sinks: { archive: { ohmqsender: scanner-7 } } }
`)
    expect({ status, stderr, last: stdout.split("\n").at(-2) }).toEqual({
      status: 0,
      stderr: "",
      last: passed(5).trim(),
    })
    expect(stdout).toMatch(/^ok {3}a ping\nok {3}a push, partly\n/)
  })

  it.each([
    [
      "event: { type: com.github.push }",
      "expect: { routes: [] }",
      "4:23: tests[0].expect.routes: Expected that no route takes the event, but all did",
    ],
    [
      "event: { type: com.github.ping }",
      "expect: { routes: [all, mine] }",
      "4:23: tests[0].expect.routes: Expected that all, mine takes the event, but no route did",
    ],
    [
      "event: { type: com.github.ping }",
      "expect: { sinks: { archive: {} } }",
      "4:33: tests[0].expect.sinks.archive: Expected 1 event for the sink archive but received 0",
    ],
    [
      "event: { type: a }",
      "expect: { sinks: {} }",
      '4:22: tests[0].expect.sinks: Expected 0 events for the sink archive but received 1: {"specversion":"1.0","id":"1","source":"/test","time":"2026-01-01T00:00:00Z","type":"a"}',
    ],
    [
      "event: { type: a, data: { b: [1, 2] } }",
      "expect: { sinks: { archive: { data: { b: [1, 3] } } } }",
      "4:50: tests[0].expect.sinks.archive.data.b[1]: Expected 3 but received 2",
    ],
    [
      "event: { type: a, data: { b: [1, 2] } }",
      "expect: { sinks: { archive: { data: { b: [1], c: 1 } } } }",
      "4:46: tests[0].expect.sinks.archive.data.b: Expected [1] but received [1,2]",
      "4:54: tests[0].expect.sinks.archive.data.c: Expected 1 but received nothing",
    ],
    [
      "event: { type: a, data: { b: x } }",
      "expect: { sinks: { archive: { data: { b: null }, subject: s } } }",
      '4:46: tests[0].expect.sinks.archive.data.b: Expected nothing but received "x"',
      '4:63: tests[0].expect.sinks.archive.subject: Expected "s" but received nothing',
    ],
  ])("fails %s with %s", (event, expected, ...messages) => {
    const tests = `  - name: one\n    given: { from: hooks, ${event} }\n    ${expected}\n`
    expect(failuresOf(tests)).toEqual(messages)
  })

  it("says why a route could not decide", () => {
    const failures = failuresOf(`
  - name: no severity
    given: { from: scanners, event: { type: a, data: {} } }
    expect: { routes: [all, severe] }
`)
    expect(failures).toEqual([
      "5:23: tests[0].expect.routes: Expected that all, severe takes the event, but all did",
      expect.stringContaining("5:13: tests[0].expect: The condition of the route severe could not be decided: "),
    ])
  })

  it("tells dead letters from events", () => {
    const changed = config
      .replace("to: [archive] }", 'set: { subject: "data.missing" }, to: [archive] }')
      .replace("to: [archive, alerts] }", "rate: { limit: 1, per: 1m, over: dead-letter }, to: [archive, alerts] }")
    const given = "given: { from: scanners, event: { type: a, data: { severity: 7 } } }"
    const twice = given
      .replace("given: {", "given: [{")
      .replace(/\}$/, "}, { from: hooks, event: { type: com.github.ping } }]")
    const folder = folderWith(`
  - { name: a, ${given}, expect: { sinks: { archive: {}, alerts: {} }, dead: [archive] } }
  - { name: b, ${given}, expect: { sinks: { archive: {}, alerts: {} } } }
  - { name: c, ${twice}, expect: { dead: [archive, alerts] } }
`)
    writeFileSync(join(folder, "relay.yaml"), changed)
    const [a, b, c] = runTests(join(folder, "relay.test.yaml"))
    expect(a?.failures).toEqual([])
    expect(b?.failures[0]?.message).toMatch(
      /^Expected a dead letter for no sink, but archive got one: The route all cannot/,
    )
    expect(c?.failures[0]?.message).toMatch(/^Expected a dead letter for alerts, archive, but archive got one: /)
  })

  it("writes a line of JSON for each test", () => {
    const { status, stdout } = run(
      `  - { name: a, given: { from: hooks, event: { type: x } }, expect: { routes: [all] } }
  - { name: b, given: { from: hooks, event: { type: x } }, expect: { routes: [] } }\n`,
      "--output",
      "json",
    )
    expect(status).toBe(1)
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { name: "a", file: "relay.test.yaml", line: 2, passed: true, failures: [] },
      {
        name: "b",
        file: "relay.test.yaml",
        line: 3,
        passed: false,
        failures: [
          {
            line: 3,
            column: 78,
            path: "tests[1].expect.routes",
            message: "Expected that no route takes the event, but all did",
          },
        ],
      },
    ])
  })

  it.each([
    [
      "given: { from: hoks, event: { type: a } }, expect: { routes: [] }",
      '2:31: tests[0].given.from: The configuration has no source "hoks". Did you mean "hooks"?',
    ],
    [
      "given: { from: hooks, event: { type: a } }, expect: { routes: [al] }",
      '2:79: tests[0].expect.routes[0]: The configuration has no route "al". Did you mean "all"?',
    ],
    [
      "given: { from: hooks, event: { type: a } }, expect: { sinks: { arhive: {} } }",
      '2:79: tests[0].expect.sinks.arhive: The configuration has no sink "arhive". Did you mean "archive"?',
    ],
    [
      "given: { from: hooks, event: {} }, expect: { routes: [] }",
      '2:45: tests[0].given.event: The event has no attribute "type"',
    ],
    ["given: { from: hooks, event: { type: a } }, expect: {}", "2:68: tests[0].expect: Expected routes, sinks or dead"],
    [
      "given: { from: hooks, event: { type: a } }, expects: {}",
      '2:60: tests[0].expects: Unknown option "expects". Did you mean "expect"?',
    ],
  ])("refuses a file with %s", (test, message) => {
    expect(() => failuresOf(`  - { name: a, ${test} }\n`)).toThrow(`relay.test.yaml:${message}`)
  })

  it("says what is wrong with the configuration, or that a file is missing", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "relay.yaml"), config.replace("to: [archive]", "to: [archiv]"))
    writeFileSync(
      join(folder, "own.yaml"),
      "tests: [{ name: a, given: { from: hooks, event: {} }, expect: { routes: [] } }]",
    )
    const { status, stdout, stderr } = ohmq(folder, "relay", "test", "own.yaml")
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" })
    expect(stderr).toContain('relay.yaml:8:83: routes[0].to[0]: There is no sink "archiv". Did you mean "archive"?')
    expect(ohmq(folder, "relay", "test")).toEqual({
      status: 2,
      stdout: "",
      stderr: "relay.test.yaml:1:1: Cannot read the file: ENOENT\n",
    })
  })

  it("passes the example in docs/relay.md, and fails as shown there", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/relay.md"), "utf8")
    const blocks = [...page.matchAll(/^```yaml\n(.+?)^```/gms)].map(([, text]) => text as string)
    const configuration = blocks.find((text) => text.startsWith("version: 1")) ?? ""
    const tests = blocks.find((text) => text.includes("\ntests:")) ?? ""
    const failure = /^```text\n(ok {3}pings.+?)^```/ms.exec(page)?.[1]
    const folder = temporaryFolder()
    writeFileSync(join(folder, "relay.yaml"), configuration)
    writeFileSync(join(folder, "relay.test.yaml"), tests)
    expect(ohmq(folder, "relay", "test")).toMatchObject({ status: 0, stderr: "" })
    writeFileSync(join(folder, "relay.test.yaml"), tests.replace("refs/heads/main", "refs/heads/dev"))
    expect(ohmq(folder, "relay", "test")).toEqual({ status: 1, stdout: failure, stderr: "" })
  })
})
