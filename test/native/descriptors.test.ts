// A process that has no file descriptors left: libzmq as released ends it in most of these cases.

import { randomUUID } from "node:crypto"
import { tmpdir } from "node:os"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { runCommand } from "../support/process.js"

/**
 * Runs a program that may have 100 descriptors. `exhaust(left)` takes all but some of them, and the function that it returns gives them
 * back; `code(call)` is the code of its error.
 */
async function outcome(body: string, env: NodeJS.ProcessEnv = {}) {
  const program = `
    import { spawn } from "node:child_process"
    import { once } from "node:events"
    import { closeSync, openSync, promises } from "node:fs"
    import { setTimeout as sleep } from "node:timers/promises"
    import * as zmq from "ohmq"
    import * as draft from "ohmq/draft"
    const exhaust = (left = 0) => {
      const taken = []
      try { for (;;) taken.push(openSync("/dev/null")) } catch (error) { if (error.code !== "EMFILE") throw error }
      for (const descriptor of taken.splice(0, left)) closeSync(descriptor)
      return () => taken.forEach((descriptor) => closeSync(descriptor))
    }
    const code = async (call) => { try { await call(); return "none" } catch (error) { return error.code } }
    const address = (transport) => transport === "ipc" ? "ipc://" + process.env.PREFIX + Math.random() : transport + "://127.0.0.1:*"
    await sleep(0)
    ${body}
    process.exit(0)`
  const limited = ["-c", 'ulimit -n 100 && exec "$0" "$@"', process.execPath]
  const { status, stdout, stderr } = await runCommand(
    "sh",
    [...limited, "--no-warnings", "--input-type=module", "-e", program],
    { env: { PREFIX: path.join(tmpdir(), `ohmq-${randomUUID()}`), ...env } },
  )
  return { status, stdout, stderr }
}

const says = (...lines: string[]) => ({ status: 0, stdout: lines.map((line) => `${line}\n`).join(""), stderr: "" })

describe.runIf(process.platform !== "win32")("where descriptors run out, an error or a delay comes of", () => {
  it("a new context, and a socket of it", async () => {
    const program = `
      const codes = new Set()
      for (let left = 0; left < 12; left++) {
        const release = exhaust(left)
        let context
        codes.add(await code(() => { context = new zmq.Context({ ioThreads: 2 }) }))
        if (context !== undefined) for (const type of [zmq.Push, draft.Server]) codes.add(await code(() => new type({ context }).close()))
        release()
        context ??= new zmq.Context()
        const push = new zmq.Push({ context }), pull = new zmq.Pull({ context })
        await push.bind("tcp://127.0.0.1:*"); pull.connect(push.lastEndpoint)
        await push.send("hello")
        if (String(await pull.receive()) !== "hello") throw new Error("lost")
        await context.terminate()
      }
      console.log([...codes].sort().join(" "))`
    expect(await outcome(program)).toEqual(says("EMFILE none"))
  })

  it.each(["tcp", "ipc", "ws"])("a bind over %s", async (transport) => {
    const program = `
      const codes = new Set()
      for (let left = 0; left < 5; left++) {
        const pull = new zmq.Pull(), push = new zmq.Push(), where = address("${transport}")
        for (const method of ["bind", "bindSync"]) {
          const release = exhaust(left)
          const failed = await code(() => pull[method](where))
          codes.add(failed)
          release()
          if (failed === "none") { await pull.unbind(pull.lastEndpoint) }
        }
        await pull.bind(where); push.connect(pull.lastEndpoint); await push.send("hello")
        if (String(await pull.receive()) !== "hello") throw new Error("lost")
        pull.close(); push.close()
      }
      console.log([...codes].sort().join(" "))`
    expect(await outcome(program)).toEqual(says("EMFILE none"))
  })

  it("a bind to a name, which is looked up", async () => {
    const program = `
      const pull = new zmq.Pull(), release = exhaust()
      console.log(await code(() => pull.bind("tcp://localhost:*")), await code(() => pull.bindSync("tcp://localhost:*")))
      release()
      await pull.bind("tcp://localhost:*")`
    expect(await outcome(program)).toEqual(says("EMFILE EMFILE"))
  })

  it.each(["tcp", "ipc", "ws"])("connecting over %s, which is tried again", async (transport) => {
    const program = `
      const pull = new zmq.Pull(), push = new zmq.Push({ reconnectInterval: 20 })
      await pull.bind(address("${transport}"))
      const release = exhaust()
      push.connect(pull.lastEndpoint)
      const sent = push.send("hello")
      console.log(await code(() => pull.receive({ timeout: 200 })))
      release()
      await sent
      console.log(String(await pull.receive()))`
    expect(await outcome(program)).toEqual(says("EAGAIN", "hello"))
  })

  it("connecting from an interface", async () => {
    const program = `
      const pull = new zmq.Pull(), push = new zmq.Push({ reconnectInterval: 20, linger: 0 })
      await pull.bind("tcp://127.0.0.1:*")
      const release = exhaust()
      push.connect("tcp://lo:0;" + pull.lastEndpoint.slice("tcp://".length))
      const sent = push.send("hello")
      console.log(await code(() => pull.receive({ timeout: 200 })))
      release()
      await sent
      console.log(String(await pull.receive()))`
    expect(await outcome(program)).toEqual(says("EAGAIN", "hello"))
  })

  it("the events of a socket", async () => {
    const program = `
      const codes = new Set()
      const context = new zmq.Context()
      for (let left = 0; left < 6; left++) {
        const push = new zmq.Push({ context }), pull = new zmq.Pull({ context })
        const release = exhaust(left)
        codes.add(await code(() => push.events))
        release()
        const ready = push.connected({ timeout: 5000 })
        await push.bind("tcp://127.0.0.1:*"); pull.connect(push.lastEndpoint)
        await ready
        push.close(); pull.close()
      }
      await context.terminate()
      console.log([...codes].sort().join(" "))`
    expect(await outcome(program)).toEqual(says("EMFILE none"))
  })

  it("a Proxy", async () => {
    const program = `
      const codes = new Set()
      for (let left = 0; left < 6; left++) {
        const proxy = new zmq.Proxy(new zmq.Pull(), new zmq.Push())
        await proxy.frontEnd.bind("tcp://127.0.0.1:*"); await proxy.backEnd.bind("tcp://127.0.0.1:*")
        const release = exhaust(left)
        const run = code(() => proxy.run())
        await sleep(20)
        const ended = await code(() => proxy.terminate())
        release()
        codes.add(await run)
      }
      console.log([...codes].sort().join(" "))`
    const { status, stdout, stderr } = await outcome(program)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(["none\n", "EMFILE none\n"]).toContain(stdout)
  })

  it("closing sockets of every type", async () => {
    // What they give back is taken by others at once.
    const program = `
      const context = new zmq.Context()
      const types = [zmq.Push, zmq.Router, zmq.Publisher, draft.Server, draft.Client, draft.Radio, draft.Dish, draft.Gather, draft.Scatter]
      const taken = []
      let over = false
      const take = async () => {
        while (!over) await promises.open("/dev/null").then((file) => taken.push(file), () => {})
      }
      for (let round = 0; round < 10; round++) {
        const sockets = types.map((type) => new type({ context }))
        over = false
        const takers = Array.from({ length: 8 }, take)
        while (await code(async () => taken.push(await promises.open("/dev/null"))) !== "EMFILE");
        for (const socket of sockets) { socket.close(); await sleep(1) }
        over = true
        await Promise.all(takers)
        await Promise.all(taken.splice(0).map((file) => file.close()))
      }
      await context.terminate()
      console.log("done")`
    expect(await outcome(program)).toEqual(says("done"))
  })

  it("the end of a context whose peer over inproc never came", async () => {
    const program = `
      const context = new zmq.Context()
      for (let count = 0; count < 5; count++) {
        const push = new zmq.Push({ context })
        push.connect("inproc://nobody-" + count % 3); await push.send("lost"); push.close()
      }
      const release = exhaust()
      const ended = context.terminate().then(() => "ended")
      console.log(await Promise.race([ended, sleep(200, "waits")]))
      release()
      console.log(await ended)`
    expect(await outcome(program)).toEqual(says("waits", "ended"))
  })

  it.each(["tcp", "ipc", "ws"])("a server that has none left, over %s", async (transport) => {
    const program = `
      const client = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", \`
        import { Push } from "ohmq"
        import { once } from "node:events"
        const [endpoint] = await once(process.stdin, "data")
        const push = new Push()
        push.connect(String(endpoint)); await push.send("hello"); await once(process.stdin, "end"); push.close()\`],
        { stdio: ["pipe", "inherit", "inherit"] })
      await once(client, "spawn")
      const pull = new zmq.Pull()
      let errors = 0
      pull.events.on("accept:error", () => { errors++ })
      const failed = pull.events.waitFor("accept:error")
      await pull.bind(address("${transport}"))
      const release = exhaust()
      client.stdin.write(pull.lastEndpoint)
      console.log((await failed).error.code)
      await sleep(500)
      console.log(errors < 20 ? "few errors" : errors + " errors")
      release()
      console.log(String(await pull.receive()))
      client.stdin.end()
      await once(client, "exit")`
    expect(await outcome(program)).toEqual(says("EMFILE", "few errors", "hello"))
  })

  it("a Radio's connection: udp waits until there are some again", async () => {
    const program = `
      import { createSocket } from "node:dgram"
      const peer = createSocket("udp4").bind(0, "127.0.0.1"); await once(peer, "listening")
      const radio = new draft.Radio()
      const first = once(peer, "message")
      const release = exhaust()
      radio.connect("udp://127.0.0.1:" + peer.address().port)
      await sleep(200)
      release()
      const timer = setInterval(() => radio.send("hello", { group: "g" }), 20)
      console.log(String((await first)[0]).slice(-5))
      clearInterval(timer)`
    expect(await outcome(program)).toEqual(says("hello"))
  })

  it("a Dish's bind", async () => {
    const program = `
      import { createSocket } from "node:dgram"
      const codes = new Set()
      for (let left = 0; left < 4; left++) {
        const peer = createSocket("udp4").bind(0, "127.0.0.1"); await once(peer, "listening")
        const { port } = peer.address(); peer.close(); await once(peer, "close")
        const dish = new draft.Dish(), release = exhaust(left)
        dish.join("g")
        const bound = await code(() => dish.bind("udp://127.0.0.1:" + port))
        codes.add(bound)
        await sleep(50)
        release()
        if (bound !== "none") await dish.bind("udp://127.0.0.1:" + port)
        const radio = new draft.Radio(); radio.connect("udp://127.0.0.1:" + port)
        const timer = setInterval(() => radio.send("hello", { group: "g" }), 20)
        await dish.receive(); clearInterval(timer); dish.close(); radio.close()
      }
      console.log([...codes].sort().join(" "))`
    expect(await outcome(program)).toEqual(says("EMFILE none"))
  })
})

it("a context at its limit of sockets ends, though a peer over inproc never came", async () => {
  const program = `
    const context = new zmq.Context({ maxSockets: 1 })
    const push = new zmq.Push({ context })
    push.connect("inproc://nobody")
    console.log(await code(() => new zmq.Push({ context })))
    push.close()
    await context.terminate()
    console.log("ended")`
  expect(await outcome(program)).toEqual(says("EMFILE", "ended"))
})
