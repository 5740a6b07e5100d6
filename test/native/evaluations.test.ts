// The JavaScript evaluated more than once in a process, as test runners, reloads, bundles and several copies in one tree do.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { describe, expect, it, onTestFinished } from "vitest"

import { root, runCommand } from "../support/process.js"

/** A folder with these copies of the package in it, each a name in node_modules. */
function projectWith(...names: string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of names) {
    const copy = path.join(folder, "node_modules", name)
    mkdirSync(path.join(copy, "build/Release"), { recursive: true })
    cpSync(path.join(root, "dist"), path.join(copy, "dist"), { recursive: true })
    cpSync(path.join(root, "package.json"), path.join(copy, "package.json"))
    cpSync(path.join(root, "build/Release/ohmq.node"), path.join(copy, "build/Release/ohmq.node"))
  }
  return folder
}

const load = `
  const { createRequire } = require("node:module")
  const load = (entry = "ohmq") => {
    for (const file of Object.keys(require.cache)) if (file.includes("dist") && file.endsWith(".js")) delete require.cache[file]
    // Node's modules hold what they have loaded.
    module.children.length = 0
    return require(entry)
  }
  const a = load()
  const b = load()
  const exchange = async (from, to, address, bound = to) => {
    await bound.bind(address)
    ;(bound === to ? from : to).connect(bound.lastEndpoint)
    const received = to.receive()
    await from.send("hello")
    return String(await received)
  }`

/** Runs a program in a project. It must end by itself, with nothing to say on stderr. */
async function runs(program: string, { folder = projectWith("ohmq"), env = {} } = {}) {
  const file = path.join(folder, "program.cjs")
  writeFileSync(file, `${load}\n;(async () => {\n${program}\n})()`)
  const { status, stdout, stderr } = await runCommand(process.execPath, ["--expose-gc", file], { env, timeout: 50_000 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  return stdout
}

describe.each(["uv", "thread"])("with the poller %s", (poller) => {
  const env = { OHMQ_POLLER: poller }

  it("ends, with nothing done", async () => {
    expect(await runs(`console.log(a !== b, a.Push !== b.Push)`, { env })).toBe("true true\n")
  })

  it("serves each socket by the copy that made it", async () => {
    const program = `
      const sockets = [new a.Pull(), new b.Push(), new b.Pull(), new a.Push()]
      console.log(await exchange(sockets[1], sockets[0], "inproc://one"))
      console.log(await exchange(sockets[3], sockets[2], "tcp://127.0.0.1:*"))
      const waiting = sockets[0].receive()
      const c = load()
      await sockets[1].send("still served")
      console.log(String(await waiting))
      const third = new c.Request()
      third.connect("inproc://nowhere")
      third.close()
      for (const socket of sockets) socket.close()`
    expect(await runs(program, { env })).toBe("hello\nhello\nstill served\n")
  })

  it("runs a proxy, an observer and a context over sockets of another copy", async () => {
    const program = `
      const context = new a.Context()
      const [router, dealer] = [new b.Router({ context }), new a.Dealer({ context })]
      await router.bind("tcp://127.0.0.1:*")
      await dealer.bind("tcp://127.0.0.1:*")
      const observer = new a.Observer(router)
      const proxy = new a.Proxy(router, dealer)
      const running = proxy.run()
      const [request, reply] = [new b.Request({ context }), new a.Reply({ context })]
      request.connect(router.lastEndpoint)
      reply.connect(dealer.lastEndpoint)
      await request.send("question")
      await reply.send(String(await reply.receive()) + " and answer")
      console.log(String(await request.receive()))
      console.log((await observer.receive()).type)
      proxy.terminate()
      await running
      await context.terminate()
      console.log(request.closed, reply.closed, router.closed)`
    expect(await runs(program, { env })).toBe("question and answer\naccept\ntrue true true\n")
  })
})

it("recognises the classes of all copies by instanceof, and keeps subclasses apart", async () => {
  const program = `
    const push = new a.Push()
    class Mine extends b.Push {}
    console.log(push instanceof b.Push, push instanceof b.Socket, push instanceof b.Pull, push instanceof Mine)
    console.log(new Mine() instanceof a.Push, new Mine() instanceof Mine, a.context instanceof b.Context, {} instanceof b.Push)
    const security = [load("ohmq/security"), load("ohmq/security")]
    const certificate = security[0].Certificate.generate()
    console.log(certificate instanceof security[1].Certificate, security[1].Certificate.from(certificate).publicKey === certificate.publicKey)
    new b.Router({ security: { server: certificate, authenticator: new (load("ohmq/security").Authenticator)({ curve: "any" }) } }).close()
    const v5 = [load("ohmq/v5-compat"), load("ohmq/v5-compat")]
    console.log(v5[0].socket("push") instanceof v5[1].Socket)
    process.exit()`
  expect(await runs(program)).toBe("true true false false\ntrue true true false\ntrue true\ntrue\n")
})

describe("two packages in one tree", () => {
  const attempts = `
    const other = require("other")
    const attempt = (name, act) => {
      try {
        act()
        console.log(name, "worked")
      } catch (error) {
        console.log(name, error.code, error.message)
      }
    }
    const socket = new other.Router()
    await socket.bind("tcp://127.0.0.1:*")
    console.log(socket instanceof a.Router, socket instanceof a.Dealer)
    attempt("context", () => new a.Push({ context: other.context }))
    attempt("observer", () => new a.Observer(socket))
    const dealer = new a.Dealer()
    await dealer.bind("tcp://127.0.0.1:*")
    attempt("proxy", () => new a.Proxy(socket, dealer))
    const request = new a.Dealer()
    request.connect(socket.lastEndpoint)
    await request.send("over tcp")
    console.log(String((await socket.receive())[1]))
    for (const open of [socket, dealer, request]) open.close()`

  it("work side by side, and each refuses the other's contexts and sockets", async () => {
    const folder = projectWith("ohmq", "other")
    const own = "belongs to another copy of ohmq in this process, which loaded its own addon"
    expect(await runs(attempts, { folder })).toBe(
      [
        "true false",
        `context EINVAL The context ${own}`,
        `observer EINVAL The context ${own}`,
        // Known when it runs only.
        "proxy worked",
        "over tcp\n",
      ].join("\n"),
    )
  })

  it("of different versions work side by side, and each says that the other is of another version", async () => {
    const folder = projectWith("ohmq", "other")
    const symbols = path.join(folder, "node_modules/other/dist/base/symbols.js")
    const text = readFileSync(symbols, "utf8")
    const changed = text.replace(/`ohmq\.\$\{.*?\}`/, '"ohmq.other"')
    expect(changed).not.toBe(text)
    writeFileSync(symbols, changed)
    const version = "was made by another version of ohmq in this process, which this one cannot use"
    expect(await runs(attempts, { folder })).toBe(
      [
        "true false",
        `context EINVAL The context ${version}`,
        `observer EINVAL The socket ${version}`,
        `proxy EINVAL The socket ${version}`,
        "over tcp\n",
      ].join("\n"),
    )
  })

  it("refuse an addon of another version, and say so", async () => {
    const folder = projectWith("ohmq")
    const interfaceFile = path.join(folder, "node_modules/ohmq/dist/native/interface.js")
    const text = readFileSync(interfaceFile, "utf8")
    const changed = text.replace(/INTERFACE = \d+/, "INTERFACE = 1000")
    expect(changed).not.toBe(text)
    writeFileSync(interfaceFile, changed)
    writeFileSync(path.join(folder, "program.cjs"), `require("ohmq")`)
    const { status, stderr } = await runCommand(process.execPath, [path.join(folder, "program.cjs")])
    expect(status).toBe(1)
    expect(stderr).toMatch(/ohmq\.node: it belongs to another version of ohmq \(interface \d+, not 1000\)/)
  })
})

// V8 keeps the functions whose calls it counts for `npm run coverage`.
it.skipIf(process.env.NODE_V8_COVERAGE)("gives back what a dropped copy held", async () => {
  const program = `
    const { readdirSync } = require("node:fs")
    const measure = () => {
      for (let count = 0; count < 4; count += 1) gc()
      return [process.memoryUsage.rss() >> 20, readdirSync("/proc/self/fd").length, readdirSync("/proc/self/task").length]
    }
    const use = async (index) => {
      const zmq = load()
      const pull = new zmq.Pull()
      const push = new zmq.Push()
      pull.events.on("accept", () => {})
      await exchange(push, pull, "tcp://127.0.0.1:*")
      const context = new zmq.Context()
      new zmq.Router({ context }).close()
      await context.terminate()
      pull.close()
      push.close()
    }
    for (let index = 0; index < 60; index += 1) await use(index)
    const early = measure()
    for (let index = 0; index < 240; index += 1) await use(index)
    const late = measure()
    console.log(late[0] - early[0] < 40 || [early, late], late[1] - early[1] < 5 || [early, late], late[2] - early[2] < 3 || [early, late])`
  expect(await runs(program)).toBe("true true true\n")
})
