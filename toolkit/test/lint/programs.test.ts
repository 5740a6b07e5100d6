// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are templates of the programs that are checked

import { lintText } from "ohmq-toolkit/lint"
import { ConfigError } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"

const reliable = "linger: 0, heartbeatInterval: 5000, receiveTimeout: 1000"
const imports = `import { Push, Pull, Request, Reply, Router, Publisher } from "ohmq"\nimport * as zmq from "zeromq"\n`

/** The rules that a program breaks, each with its line; the imports are not counted. */
const found = (source: string, file = "program.ts") =>
  lintText(imports + source, file).map(({ rule, line }) => `${line - 2} ${rule}`)

describe("lintText", () => {
  it.each([
    ["tcp://*:5555", ["1 public-bind"]],
    ["tcp://0.0.0.0:*", ["1 public-bind"]],
    ["tcp://eth0:5555", ["1 public-bind"]],
    ["tcp://[::]:5555", ["1 public-bind"]],
    ["ws://10.0.0.1:80/path", ["1 public-bind"]],
    ["tcp://127.0.0.1:5555", []],
    ["tcp://127.1.2.3:*", []],
    ["tcp://localhost:5555", []],
    ["tcp://[::1]:5555", []],
    ["tcp://lo:5555", []],
    ["ipc:///run/a.sock", []],
    ["inproc://a", []],
  ])("says whether others can reach a socket bound to %s", (endpoint, rules) => {
    expect(found(`await new Publisher({ ${reliable} }).bind("${endpoint}")`)).toEqual(rules)
  })

  it.each([
    ["tcp://192.0.2.1:1;server.example.com:5555", ["1 unencrypted-connect"]],
    ["tcp://server:5555", ["1 unencrypted-connect"]],
    ["tcp://192.0.2.1:1;127.0.0.1:5555", []],
    ["wss://server:443", []],
  ])("says whether a connection to %s leaves the machine", (endpoint, rules) => {
    expect(found(`new zmq.Push({ ${reliable} }).connect("${endpoint}")`)).toEqual(rules)
  })

  it.each([
    ["a constant", 'const at = "tcp://*:1"; await s.bind(at)'],
    ["a template", "const port = 1; await s.bind(`tcp://*:${port}`)"],
    ["a template of what is unknown", "await s.bind(`tcp://*:${process.argv[2]}`)"],
    ["a sum", 'await s.bind("tcp://*:" + port)'],
    ["a fallback", 'await s.bind(process.env.AT ?? "tcp://*:1")'],
    ["a choice", 'await s.bind(isTest ? "inproc://a" : "tcp://*:1")'],
    ["a list taken apart", 'const [a, b] = ["ipc://a", "tcp://*:1"]; await s.bind(b)'],
    ["a type", 'await s.bind("tcp://*:1" as string)'],
    ["the old name", 's.bindSync!("tcp://*:1")'],
    ["a default of a parameter", 'function f(at = "tcp://*:1") { return s.bind(at) }'],
    ["a default of a pattern", 'function f({ at = "tcp://*:1" }) { return s.bind(at) }'],
  ])("finds an endpoint in %s", (_, code) => {
    expect(found(`const s = new Pull({ ${reliable} }); ${code}`)).toEqual(["1 public-bind"])
  })

  it.each([
    ["a host", "await s.bind(`tcp://${host}:5555`)"],
    ["a scheme", "await s.bind(`${scheme}://*:5555`)"],
    ["a parameter", "const f = (at: string) => s.bind(at)"],
    ["another name in another function", 'function f() { const s = make(); s.bind("tcp://*:1") }'],
    ["what shadows the class", 'function f(Push: Fake) { new Push().bind("tcp://*:1") }'],
    ["something else of that name", 'import { Push as P } from "other"; new P().bind("tcp://*:1")'],
  ])("says nothing about %s that the program does not have", (_, code) => {
    expect(found(`const s = new Pull({ ${reliable} }); ${code}`)).toEqual([])
  })

  it.each([
    ["import { Pull as P } from 'zeromq'", "new P"],
    ["import * as z from 'ohmq'", "new z.Pull"],
    ["import z from 'zeromq'", "new z.Pull"],
    ["const { Pull: P } = require('zeromq')", "new P"],
    ["const z = require('ohmq')", "new z.Pull"],
    ["const { Pull: P } = await import('ohmq')", "new P"],
    ["var z = require('zeromq')", "new z.Pull"],
    ["let z = require('zeromq')", "new z.Pull"],
    ["var P = require('zeromq').Pull", "new P"],
    ["", "new (require('zeromq').Pull)"],
    ["const z = require('zeromq'), { Pull: P } = z", "new P"],
    ["import * as z from 'ohmq'; const P = z.Pull", "new P"],
    ["const z = await import('ohmq')", "new z.Pull"],
    ["const z = await import('zeromq')", "new z.default.Pull"],
    ["var z = __importStar(require('zeromq'))", "new z.Pull"],
    ["var z = tslib_1.__importDefault(require('zeromq'))", "new z.default.Pull"],
    ["var z = __toESM(require('ohmq'), 1)", "new z.Pull"],
    ["var z = _interopRequireWildcard(require('ohmq'))", "new z.Pull"],
  ])("knows the sockets of %s", (header, make) => {
    const source = `${header}\n${make}({ ${reliable} }).bind("tcp://*:1")`
    expect(lintText(source, "program.mjs").map(({ rule }) => rule)).toEqual(["public-bind"])
  })

  it.each([
    ["const z = require('fs')", "new z.Pull"],
    ["const z = wrap(require('zeromq'))", "new z.Pull"],
    ["const { Pull: { P } } = require('zeromq')", "new P"],
    ["const a = b, b = a", "new a.Pull"],
  ])("takes nothing else for sockets: %s", (header, make) => {
    expect(lintText(`${header}\n${make}({ ${reliable} }).bind("tcp://*:1")`, "program.mjs")).toEqual([])
  })

  it("knows the sockets of TypeScript's import of CommonJS", () => {
    const source = `import z = require("zeromq")\nimport Log = z.Other\nnew z.Pull({ ${reliable} }).bind("tcp://*:1")`
    expect(lintText(source, "program.cts").map(({ rule }) => rule)).toEqual(["public-bind"])
  })

  describe("with the API of zeromq 5", () => {
    const found = (source: string) => lintText(source, "program.cjs").map(({ rule, advice }) => `${rule}: ${advice}`)
    const bind = "public-bind: Bind to 127.0.0.1 or ipc://, or use CURVE: curve_server and curve_secretkey"
    const connect = "unencrypted-connect: Use CURVE: curve_serverkey, curve_publickey and curve_secretkey"
    const zmq = "const zmq = require('zeromq');"

    it.each([
      [`${zmq} zmq.socket('pub').bindSync('tcp://*:5')`, [bind]],
      [`${zmq} const s = zmq.socket('pull'); s.bind('tcp://*:5', done)`, [bind]],
      [`${zmq} const s = zmq.createSocket('sub', { identity: 'a' }); s.connect('tcp://hub:5')`, [connect]],
      [`${zmq} const s = new zmq.Socket('req'); s.connect('tcp://hub:5')`, [connect]],
      [`${zmq} const s = zmq.socket(kind); s.connect('tcp://hub:5')`, [connect]],
      ["const { socket } = require('ohmq/v5-compat'); socket('xrep').bindSync('tcp://*:5')", [bind]],
      ["import zmq from 'zeromq/v5-compat'; zmq.socket('pub').bindSync('tcp://*:5')", [bind]],
      [`${zmq} const s = zmq.socket('pub'); s.curve_server = 0; s.bindSync('tcp://*:5')`, [bind]],
      [`${zmq} const s = zmq.socket('pub'); s.setsockopt('linger', 0); s.bindSync('tcp://*:5')`, [bind]],
    ])("finds what is open: %s", (source, expected) => {
      expect(found(source)).toEqual(expected)
    })

    it.each([
      `${zmq} zmq.socket('pub').bindSync('tcp://127.0.0.1:5')`,
      `${zmq} const s = zmq.socket('pub'); s.curve_server = true; s.curve_secretkey = k; s.bindSync('tcp://*:5')`,
      `${zmq} const s = zmq.socket('pub'); s.setsockopt('curve_server', 1); s.bindSync('tcp://*:5')`,
      `${zmq} const s = zmq.socket('pub'); s.setsockopt(zmq.ZMQ_CURVE_SERVER, 1); s.bindSync('tcp://*:5')`,
      `${zmq} const s = zmq.socket('pub'); s.setsockopt(47, 1); s.bindSync('tcp://*:5')`,
      `${zmq} const s = zmq.createSocket('sub', { curve_serverkey: k }); s.connect('tcp://hub:5')`,
      `${zmq} const s = zmq.createSocket('sub', options); s.connect('tcp://hub:5')`,
      "const zmq = require('other'); zmq.socket('pub').bindSync('tcp://*:5')",
      "const zmq = require('ohmq'); zmq.socket('pub').bindSync('tcp://*:5')",
    ])("finds nothing in %s", (source) => {
      expect(found(source)).toEqual([])
    })

    it("finds PLAIN over a network", () => {
      const source = `${zmq} const s = zmq.socket('sub'); s.plain_username = 'a'; s.connect('tcp://hub:5')`
      expect(found(source)).toEqual(["plain-text: Use CURVE, or PLAIN over ipc:// only"])
    })
  })

  it("follows sockets into fields, assignments and constructors", () => {
    expect(
      found(`class Server {
  #socket = new Reply({ ${reliable} })
  other: Reply
  constructor() { this.other = new Reply({ ${reliable} }) }
  start() { this.#socket.bind("tcp://*:1") }
  more() { this.other.bind("tcp://*:2") }
}
let late
late = new Pull({ ${reliable} })
await late.bind("tcp://*:3")
new Pull({ ${reliable}, bind: ["ipc://a", "tcp://*:4"] })`),
    ).toEqual(["5 public-bind", "6 public-bind", "10 public-bind", "11 public-bind"])
  })

  it("takes options from wherever they are set", () => {
    const connect = 's.connect("tcp://server:1")'
    expect(found(`const c = { ${reliable} }; const s = new Push({ ...c, security: keys() }); ${connect}`)).toEqual([])
    expect(found(`const s = new Push(); s.linger = 1; s.heartbeatInterval = 1; ${connect}`)).toEqual([
      "1 unencrypted-connect",
    ])
    expect(found(`const s = new Push({ ${reliable} }); s.security = x; ${connect}`)).toEqual([])
    expect(found(`const s = new Push(); Object.assign(s, { ${reliable}, curveServerKey: k }); ${connect}`)).toEqual([])
    // What else the object has is not known.
    expect(found(`const s = new Push(options); ${connect}`)).toEqual([])
  })

  it("tells CURVE from PLAIN, and whom a server lets in", () => {
    const at = 's.bind("tcp://*:1")'
    const of = (options: string, end = at) => found(`const s = new Router({ ${reliable}, ${options} }); ${end}`)
    expect(of("security: { server, authenticator }")).toEqual([])
    expect(of('security: { server, clients: "any" }')).toEqual(["1 any-client"])
    expect(of('security: { server, clients: "any" }', 's.bind("tcp://127.0.0.1:1")')).toEqual([])
    expect(of("curveServer: true, curveSecretKey: k")).toEqual(["1 any-client"])
    expect(of('curveServer: true, curveSecretKey: k, zapDomain: "global"')).toEqual([])
    expect(of("plainServer: true")).toEqual(["1 plain-text"])
    expect(of("plainServer: true", 's.bind("ipc://a")')).toEqual([])
    expect(found(`context.requireEncryption = true; const s = new Router({ ${reliable} }); ${at}`)).toEqual([])
  })

  it("asks for timeouts, linger and heartbeats of what can lose its peer", () => {
    const of = (make: string, rest = "") => found(`const s = ${make}; s.connect(endpoint); ${rest}`)
    expect(of("new Request()")).toEqual(["1 no-linger", "1 no-heartbeat", "1 no-timeout"])
    expect(of("new Request({ receiveTimeout: 1 })")).toEqual(["1 no-linger", "1 no-heartbeat"])
    expect(of("new Request()", "s.close({ linger: 5 }); s.receive({ signal })")).toEqual(["1 no-heartbeat"])
    expect(of("new Pull()")).toEqual(["1 no-heartbeat"])
    expect(found('new Request().connect("tcp://127.0.0.1:1")')).toEqual([])
    expect(found("const a = new Pull(); const s = new Request(); s.connect(a.lastEndpoint)")).toEqual([])
  })

  const safe = { linger: "0", heartbeatInterval: "5000", receiveTimeout: "1000" }
  const of = (options: Record<string, string>) =>
    `new Request({ security, ${Object.entries({ ...safe, ...options }).map(([name, value]) => `${name}: ${value}`)} })`

  it.each([
    [of({ linger: "-1" }), ["1 no-linger"]],
    [of({ heartbeatInterval: "0" }), ["1 no-heartbeat"]],
    [of({ heartbeatInterval: "-1" }), ["1 no-heartbeat"]],
    [of({ heartbeatTimeout: "0" }), ["1 no-heartbeat"]],
    [of({ receiveTimeout: "-1" }), ["1 no-timeout"]],
    [
      of({ linger: "-1", heartbeatInterval: "0", receiveTimeout: "-1" }),
      ["1 no-heartbeat", "1 no-linger", "1 no-timeout"],
    ],
    ["new Push({ security, linger: -1, heartbeatInterval: 0 })", ["1 no-heartbeat", "1 no-linger"]],
    [of({ linger: "(-1 as number)" }), ["1 no-linger"]],
    [of({ linger: "0", heartbeatTimeout: "-1", receiveTimeout: "0" }), []],
    [of({ linger: "limit()" }), []],
    ["new Push({ ...options, security, linger: -1 })", ["1 no-linger"]],
    ["new Push({ linger: -1, security, ...options })", []],
  ])("takes an option for missing whose value switches it off: %s", (make, rules) => {
    const code = `const s = ${make}; s.connect(endpoint)`
    expect(found(code).toSorted()).toEqual(rules)
  })

  it.each([
    ["s.linger = -1", ["2 no-linger"]],
    ["s.linger = never", ["2 no-linger"]],
    ["Object.assign(s, { linger: -1 })", ["2 no-linger"]],
    ["s.linger = -1; s.linger = 0", []],
    ["s.heartbeatInterval = 0", ["2 no-heartbeat"]],
    ["s.receiveTimeout = -1", ["2 no-timeout"]],
    ["s.receiveTimeout = -1; s.receive({ signal })", []],
    ["s.close({ linger: -1 })", ["2 no-linger"]],
    ["s.linger = -1; s.close({ linger: 0 })", []],
  ])("takes an option for missing that is switched off later: %s", (code, rules) => {
    expect(found(`const never = -1; const s = ${of({})}; s.connect(endpoint)\n${code}`)).toEqual(rules)
  })

  it("says which value switches the protection off, and where", () => {
    const make = `new Request({\n  security,\n  linger: -1,\n  heartbeatInterval: 0,\n  receiveTimeout: -1,\n})`
    const program = `import { Request } from "ohmq"\nconst s = ${make}\ns.connect(endpoint)\ns.close({ linger: -1 })`
    expect(lintText(program, "a.ts").map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      "5:22 heartbeatInterval: 0 switches heartbeats off: this Request does not notice a peer that vanishes",
      "6:19 receiveTimeout: -1 switches the timeout off: this Request waits for ever if its reply is lost",
      "9:19 linger: -1 switches the limit off: this Request keeps what it cannot send, and the process with it",
    ])
  })

  it.each([
    ["security: null", "1 public-bind"],
    ["curveServer: false", "1 public-bind"],
    ["plainServer: false", "1 public-bind"],
    ['curveServer: true, curveSecretKey: k, zapDomain: ""', "1 any-client"],
  ])("takes %s for no protection", (options, rule) => {
    expect(found(`new Router({ ${reliable}, ${options} }).bind("tcp://*:1")`)).toEqual([rule])
  })

  it.each([
    ['const [id] = await r.receive(); if (id.toString() === "admin") go()', 1],
    ['for await (const [id, text] of r) if (`${id}` !== "admin") go()', 1],
    ['const { properties } = await r.receiveWithMetadata(o); if (properties["X-Role"] == "admin") go()', 1],
    ['const m = await r.receiveWithMetadata(o); switch (m.properties.role) { case "admin": go() }', 1],
    ['const [, text] = await r.receive(); const { from } = JSON.parse(String(text)); if (from === "a") go()', 1],
    ['const [id, text] = await r.receive(); if (String(text) === "admin") go()', 0],
    ['const [, text] = await r.receive(); if (JSON.parse(String(text)).kind === "a") go()', 0],
    ['const { from } = JSON.parse(readFileSync("a")); if (from === "a") go()', 0],
    ["const [id] = await r.receive(); if (id.equals(other)) go()", 0],
    ['const m = await r.receiveWithMetadata(); if (m.userId === "admin") go()', 0],
  ])("finds decisions by what the sender wrote: %s", (code, count) => {
    expect(found(`const r = new Router({ bind: "ipc://a" })\n${code}`)).toEqual(Array(count).fill("2 trusted-header"))
  })

  it.each([
    "if (admins.has(String(id))) go()",
    'if (["admin"].includes(id.toString())) go()',
    "if (rights[String(id)]) go()",
    "if (rights[id]) go()",
    'const map = new Map([["admin", 1]]); if (map.get(String(id))) go()',
    'const set = new Set(["admin", "root"]); if (set.has(`${id}`)) go()',
    'const names = ["a", "b"]; const set = new Set(names); if (set.has(String(id))) go()',
    "const table = Object.freeze({ admin: true }); if (String(id) in table) go()",
    "const table = { admin: true }; if (Object.hasOwn(table, String(id))) go()",
    "const table = { admin: true }; if (table[id.toString()]?.may) go()",
    'const who = String(id); if (who.startsWith("admin")) go()',
    'const who = id.toString("utf8").toLowerCase(); if (who === "admin") go()',
    'if (new TextDecoder().decode(id) === "admin") go()',
    "if (/^admin/.test(String(id))) go()",
    "if (String(id).match(/^admin/)) go()",
    'if (id.equals(Buffer.from("admin"))) go()',
    'const boss = "admin"; if (String(id) === boss) go()',
    "if (this.permissions.get(String(id))) go()",
    'if (JSON.parse(String(text)).role.includes("admin")) go()',
    'const { user } = JSON.parse(text); if (["a", "b"].includes(user)) go()',
  ])("finds decisions by a table of names or a part of a name: %s", (code) => {
    const receive = 'const r = new Router({ bind: "ipc://a" }); const [id, text] = await r.receive()'
    expect(found(`${receive}\n${code}`)).toEqual(["2 trusted-header"])
  })

  it("finds decisions by properties of a connection", () => {
    const receive = 'const r = new Pull({ bind: "ipc://a" }); const m = await r.receiveWithMetadata()'
    expect(found(`${receive}\nif (m.properties["X-Role"].startsWith("admin")) go()`)).toEqual(["2 trusted-header"])
    expect(found(`${receive}\nif (admins.has(m.userId)) go()`)).toEqual([])
  })

  it.each([
    "const workers = new Map(); workers.set(String(id), now()); if (workers.has(String(id))) go()",
    "const workers = {}; if (workers[String(id)]) go()",
    "const sessions = new Map(); sessions.get(String(id))?.push(text)",
    'const users = new Map([["a", 1]]); users.set(String(id), 2); users.get(String(id))',
    "class A { #users = new Map(); go() { return this.#users.get(String(id)) } }",
    "class A { constructor() { this.users = new Map() } add() { this.users.set(String(id), 1) } go() { this.users.get(String(id)) } }",
    "sessions.get(String(id))",
    "rights[String(id)] = 1",
    'if (text.toString().startsWith("admin")) go()',
    'if (["a"].includes(String(text))) go()',
    "if (String(id).startsWith(prefix)) go()",
    "if (admins.has(verifiedSender(m))) go()",
    "parts[0] === text",
  ])("finds no decision where ids are only kept, or texts are not of the sender: %s", (code) => {
    const receive = 'const r = new Router({ bind: "ipc://a" }); const [id, text] = await r.receive()'
    expect(found(`${receive}\n${code}`)).toEqual([])
  })

  it("ignores what a comment gives a reason for, and only that", () => {
    const line = `await new Publisher({ ${reliable} }).bind("tcp://*:1")`
    expect(found(`// ohmq-lint-ignore public-bind it is public\n${line}`)).toEqual([])
    expect(found(`${line} /* ohmq-lint-ignore public-bind it is public */`)).toEqual([])
    expect(found(`// ohmq-lint-ignore public-bind\n${line}`)).toEqual(["1 bad-ignore", "2 public-bind"])
    expect(found(`// ohmq-lint-ignore no-linger it is public\n${line}`)).toEqual(["1 bad-ignore", "2 public-bind"])
    expect(found(`// ohmq-lint-ignore public-bind it is public\n\n${line}`)).toEqual(["1 bad-ignore", "3 public-bind"])
    const [first] = lintText("// ohmq-lint-ignore public-bnd x", "a.js")
    expect(first?.message).toBe('Unknown rule "public-bnd". Did you mean "public-bind"?')
  })

  it.each(["a.js", "a.ts", "a.tsx"])("says where it cannot parse %s", (file) => {
    expect(() => lintText("let a = 1\nlet b = = 2", file)).toThrow(ConfigError)
    expect(() => lintText("let a = 1\nlet b = = 2", file)).toThrow(
      `${file}:2:9: Cannot parse the program: Unexpected token. If it runs, this is a limit of the parser`,
    )
  })

  it("reads sloppy scripts, types and JSX", () => {
    expect(lintText("with (a) { b() }", "a.cjs")).toEqual([])
    expect(lintText("enum A { B }\nabstract class C<T> { declare x: T }\nexport type D = typeof A", "a.mts")).toEqual(
      [],
    )
    expect(lintText("const a = <b c={1}>d</b>", "a.jsx")).toEqual([])
    expect(lintText("const a = <b c={1}>d</b>", "a.js")).toEqual([])
    expect(lintText("this is (no program", "a.d.ts")).toEqual([])
  })

  it.each(["a.ts", "a.tsx"])("reads generic asynchronous arrow functions after an await in %s", (file) => {
    const arrow = "const get = async <T,>(path: string): Promise<T> => { await path; return path as T }"
    expect(lintText(`async function a() { await b(); ${arrow}; await c() }`, file)).toEqual([])
    expect(lintText(`await b(); ${arrow}; await c()`, file)).toEqual([])
    // In parameters there is still none.
    expect(() => lintText("await b(); const get = async <T,>(a = await c) => a", file)).toThrow(ConfigError)
  })

  it("ends with an error on a program that is nested too deeply", () => {
    const tooDeep = /^a.js:1:\d+: .*(nested too deeply|Not enough stack space)/
    expect(() => lintText(`${"[".repeat(200_000)}${"]".repeat(200_000)}`, "a.js")).toThrow(tooDeep)
    expect(() => lintText(`a${".b()".repeat(50_000)}`, "a.js")).toThrow(tooDeep)
  })

  it("ends on constants that refer to themselves", () => {
    expect(found("const a = `${b}`, b = `${a}`; new Pull().bind(a)")).toEqual(["1 no-heartbeat"])
    expect(found("const a = { ...a }; new Pull(a).bind(`tcp://*:1`)")).toEqual([])
    expect(found("const a = b, b = a; a.bind(`tcp://*:1`)")).toEqual([])
  })

  it("refuses a file of another kind", () => {
    expect(() => lintText("", "a.py")).toThrow("a.py:1:1: Expected a file that ends in one of .js .mjs")
  })
})
