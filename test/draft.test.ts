import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import * as draft from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { root, runCommand, runProgram } from "./support/process.js"
import { eventually, failure, join, open, texts, thrown, transports } from "./support/sockets.js"

const require = createRequire(import.meta.url)
const reference = require("zeromq/draft")
const program = (source: string) =>
  runProgram(`import * as draft from "ohmq/draft"\n${source}`, { args: ["--no-warnings"] })

describe("ohmq/draft", () => {
  it("has zeromq's names, and Peer and Channel which do not enumerate", () => {
    const own = require("ohmq/draft")
    expect(Object.keys(own).sort()).toEqual(Object.keys(reference).sort())
    expect(own.Peer).toBe(draft.Peer)
    expect(own.Channel).toBe(draft.Channel)
  })

  it("warns once that it is experimental", async () => {
    const { stderr } = await runProgram(`
      import "ohmq/draft"
      const { createRequire } = await import("node:module")
      createRequire(import.meta.url)("ohmq/draft")`)
    expect(stderr.match(/experimental/g)).toHaveLength(1)
  })
})

describe.each(transports)("over %s", (transport) => {
  it("Server and Client exchange messages, each peer under its number", async () => {
    const server = open(draft.Server)
    const clients = [open(draft.Client), open(draft.Client)]
    await join(server, clients[0] as draft.Client, transport)
    clients[1]?.connect(server.lastEndpoint as string)
    const numbers = new Set<number>()
    for (const [index, client] of clients.entries()) {
      const waiting = server.receive()
      await client.send(`question ${index}`)
      const [question, { routingId }] = await waiting
      expect(question.toString()).toBe(`question ${index}`)
      numbers.add(routingId)
      const answer = client.receive()
      await server.send(`answer ${index}`, { routingId })
      expect(texts(await answer)).toEqual([`answer ${index}`])
    }
    expect(numbers.size).toBe(2)
  })

  it("Scatter gives each message to one Gather, in order, whatever its size", async () => {
    const gather = open(draft.Gather)
    const scatter = open(draft.Scatter)
    await join(gather, scatter, transport)
    const messages = [0, 1, 1024, 1025, 100_000].map((size) => Buffer.alloc(size, size % 256))
    const received = (async () => {
      const all: Buffer[] = []
      for await (const [part] of gather) if (all.push(part) === messages.length) return all
      return all
    })()
    for (const message of messages) await scatter.send(message)
    expect(await received).toEqual(messages)
  })

  it("Dish gets the groups that it has joined, and no others", async () => {
    const radio = open(draft.Radio)
    const dish = open(draft.Dish)
    dish.join("even", Buffer.from("primes"))
    await join(dish, radio, transport)
    const received = dish.receive()
    await eventually(async () => {
      await radio.send("three", { group: "odd" })
      await radio.send("two", { group: "even" })
      expect(await Promise.race([received, Promise.resolve(undefined)])).toBeDefined()
    })
    const [body, { group }] = await received
    expect([body.toString(), group.toString()]).toEqual(["two", "even"])
    dish.leave("even")
    await radio.send("seven", { group: Buffer.from("primes") })
    await eventually(async () => {
      const [next, tag] = await dish.receive()
      if (tag.group.toString() === "even") throw new Error("one that was under way")
      expect(next.toString()).toBe("seven")
    })
  })

  it("Peer numbers those it connects to", async () => {
    const [one, two] = [open(draft.Peer), open(draft.Peer)]
    await two.bind(
      transport === "tcp"
        ? "tcp://127.0.0.1:*"
        : `${transport}://${transport === "ipc" ? "@" : ""}ohmq-peer-${process.pid}`,
    )
    const routingId = one.connectPeer(two.lastEndpoint as string)
    expect(routingId).toBeGreaterThan(0)
    await one.send("hello", { routingId })
    const [hello, from] = await two.receive()
    await two.send(`${hello} to you`, from)
    const [answer, sender] = await one.receive()
    expect(answer.toString()).toBe("hello to you")
    expect(sender).toEqual({ routingId })
  })

  it("Channel goes both ways, and takes batches", async () => {
    const [one, two] = [open(draft.Channel), open(draft.Channel)]
    await join(one, two, transport)
    const messages = Array.from({ length: 2000 }, (_, index) => String(index))
    const sending = two.sendMany(messages)
    const got: string[] = []
    for await (const batch of one.batches()) {
      got.push(...batch.map(([part]) => part.toString()))
      if (got.length === messages.length) break
    }
    await sending
    expect(got).toEqual(messages)
    await one.send("back")
    expect(texts(await two.receive())).toEqual(["back"])
    expect(two.trySend("x")).toBe(true)
    await eventually(() => expect(one.tryReceive()).toEqual([Buffer.from("x")]))
  })
})

describe("Server", () => {
  it("rejects with EHOSTUNREACH for a peer that is not there", async () => {
    const server = open(draft.Server)
    expect(await failure(() => server.send("x", { routingId: 77 }))).toMatchObject({ code: "EHOSTUNREACH" })
  })

  it.each([
    undefined,
    {},
    { routingId: "1" },
    { routingId: -1 },
    { routingId: 0 },
    { routingId: 1.5 },
    { routingId: 2 ** 32 },
  ])("refuses the options %j", (options) => {
    const server = open(draft.Server)
    expect(thrown(() => server.send("x", options as never))).toBeInstanceOf(TypeError)
    expect(thrown(() => server.trySend("x", options as never))).toBeInstanceOf(TypeError)
  })

  it("is told of clients that are lost, by the message of its choice", async () => {
    const server = open(draft.Server, { disconnectMessage: Buffer.from("gone") })
    const client = open(draft.Client)
    await join(server, client)
    await client.send("here")
    const [, { routingId }] = await server.receive()
    client.close()
    const [message, lost] = await server.receive()
    expect(message.toString()).toBe("gone")
    expect(lost).toEqual({ routingId })
  })

  it("sends many, each to its peer, and says how many went", async () => {
    const server = open(draft.Server)
    const client = open(draft.Client)
    await join(server, client)
    await client.send("here")
    const [, to] = await server.receive()
    await server.sendMany([["one", to] as const, ["two", to] as const])
    expect(texts((await client.receiveMany({ max: 1 })).flat())).toEqual(["one"])
    expect(texts(await client.receive())).toEqual(["two"])
    const rejected = await failure(() => server.sendMany([["three", to] as const, ["four", { routingId: 5 }] as const]))
    expect(rejected).toMatchObject({ code: "EHOSTUNREACH", sent: 1 })
  })
})

describe("sockets with messages of one part", () => {
  it.each([() => open(draft.Client), () => open(draft.Scatter), () => open(draft.Channel)])(
    "refuse more parts: %#",
    (make) => {
      const socket = make()
      expect(thrown(() => socket.send(["one", "two"] as never))).toMatchObject({ code: "EINVAL" })
      expect(socket.closed).toBe(false)
    },
  )
})

describe("Radio and Dish", () => {
  it("refuse groups that libzmq cannot take", () => {
    const radio = open(draft.Radio)
    const dish = open(draft.Dish)
    for (const group of [undefined, 7, "x".repeat(256), "a\0b"]) {
      expect(thrown(() => radio.send("x", { group } as never))).toBeInstanceOf(Error)
      expect(thrown(() => dish.join(group as never))).toBeInstanceOf(Error)
    }
    dish.join("once")
    expect(thrown(() => dish.join("once"))).toMatchObject({ code: "EINVAL", message: expect.stringContaining("once") })
    expect(thrown(() => dish.leave("never"))).toMatchObject({
      code: "EINVAL",
      message: expect.stringContaining("never"),
    })
  })
})

describe("Datagram", () => {
  it("speaks plain udp, and refuses what does not fit", async () => {
    const { createSocket } = await import("node:dgram")
    const peer = createSocket("udp4")
    await new Promise<void>((bound) => peer.bind(0, "127.0.0.1", bound))
    // libzmq tells no wildcard port of udp: take one that was free a moment ago.
    const probe = createSocket("udp4")
    const port = await new Promise<number>((found) => probe.bind(0, "127.0.0.1", () => found(probe.address().port)))
    await new Promise<void>((closed) => probe.close(closed))
    const datagram = open(draft.Datagram)
    await datagram.bind(`udp://127.0.0.1:${port}`)
    const echoed = new Promise<string>((got) => peer.once("message", (bytes) => got(bytes.toString())))
    const receiving = datagram.receive()
    // libzmq's thread opens the port some time after bind, and what comes before is lost.
    const timer = setInterval(() => peer.send("ping", port, "127.0.0.1"), 20)
    const [address, body] = await receiving
    clearInterval(timer)
    expect(body.toString()).toBe("ping")
    expect(address.toString()).toContain(`127.0.0.1:${peer.address().port}`)
    await datagram.send([`127.0.0.1:${peer.address().port}`, "pong"])
    expect(await echoed).toBe("pong")
    expect(thrown(() => datagram.send(["127.0.0.1:9", Buffer.alloc(9000)]))).toMatchObject({ code: "EMSGSIZE" })
    expect(thrown(() => datagram.send(["127.0.0.1:9"] as never))).toMatchObject({ code: "EINVAL" })
    peer.close()
  })
})

describe("waiting", () => {
  it("costs no processor time", async () => {
    const { stdout } = await program(`
      const sockets = [new draft.Server(), new draft.Client(), new draft.Dish(), new draft.Gather(), new draft.Peer(), new draft.Channel()]
      for (const socket of sockets) { await socket.bind("tcp://127.0.0.1:*"); socket.receive().catch(() => {}) }
      await sleep(100)
      const before = process.cpuUsage()
      await sleep(500)
      const { user, system } = process.cpuUsage(before)
      console.log((user + system) / 1000)
      process.exit(0)`)
    expect(Number(stdout)).toBeLessThan(50)
  })

  it("ends with timeouts, signals and close", async () => {
    const server = open(draft.Server)
    expect(await failure(() => server.receive({ timeout: 10 }))).toMatchObject({ code: "EAGAIN" })
    const controller = new AbortController()
    const aborted = failure(() => server.receive({ signal: controller.signal }))
    controller.abort(new Error("enough"))
    expect(await aborted).toMatchObject({ message: "enough" })
    const closed = failure(() => server.receive())
    const sending = failure(() => open(draft.Scatter).send("x", { timeout: 10 }))
    server.close()
    expect(await closed).toMatchObject({ code: "EAGAIN" })
    expect(await sending).toMatchObject({ code: "EAGAIN" })
  })

  it("goes on for a send when a peer comes, and for a receive when the state was looked at meanwhile", async () => {
    const scatter = open(draft.Scatter)
    const gather = open(draft.Gather)
    await scatter.bind("tcp://127.0.0.1:*")
    const sending = scatter.send("late")
    const receiving = gather.receive()
    gather.connect(scatter.lastEndpoint as string)
    let looking = true
    void receiving.then(() => {
      looking = false
    })
    while (looking) await new Promise((turn) => setImmediate(turn, [gather.readable, scatter.writable]))
    await sending
    expect(texts(await receiving)).toEqual(["late"])
  }, 10_000)

  it("bears the end of its worker and of the process at any time", async () => {
    const source = `
      const draft = require("ohmq/draft")
      for (const type of ["Server", "Client", "Dish", "Gather", "Peer", "Channel"]) {
        const socket = new draft[type]()
        socket.bind("tcp://127.0.0.1:*").then(() => socket.receive())
      }
      new draft.Scatter().send("x")
      require("node:worker_threads").parentPort.postMessage("up")`
    const { status, stderr } = await program(`
      for (let round = 0; round < 5; round += 1) {
        const worker = new threads.Worker(${JSON.stringify(source)}, { eval: true, execArgv: ["--no-warnings"] })
        await new Promise((up) => worker.once("message", up))
        await worker.terminate()
      }
      new draft.Server().receive()
      setTimeout(() => process.exit(0), 50)`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })

  it("goes on over thousands of round trips", async () => {
    const [one, two] = [open(draft.Channel), open(draft.Channel)]
    await join(one, two, "inproc")
    const echoing = (async () => {
      for await (const [part] of two) await two.send(part)
    })()
    for (let trip = 0; trip < 5000; trip += 1) {
      await one.send(String(trip))
      expect(texts(await one.receive({ timeout: 5000 }))).toEqual([String(trip)])
    }
    two.close()
    await echoing
  }, 20_000)
})

describe("beside zeromq", () => {
  it("speaks with zeromq's own draft sockets, both ways", async () => {
    const script = `
      const { Server, Client } = require(process.argv[1])
      ;(async () => {
        const client = new Client()
        client.connect(process.argv[2])
        await client.send("from " + process.argv[1])
        console.log(String(await client.receive()))
        client.close()
      })()`
    const server = open(draft.Server)
    await server.bind("tcp://127.0.0.1:*")
    const answering = (async () => {
      const [question, to] = await server.receive()
      await server.send(`answer to ${question}`, to)
    })()
    const { execFile } = await import("node:child_process")
    const output = await new Promise<string>((done, fail) =>
      execFile(
        process.execPath,
        ["--no-warnings", "-e", script, "zeromq/draft", server.lastEndpoint as string],
        { cwd: root, timeout: 10_000 },
        (error, stdout) => (error ? fail(error) : done(stdout)),
      ),
    )
    await answering
    expect(output).toBe("answer to from zeromq/draft\n")
  })
})

describe("docs/draft.md", () => {
  it("has a program that runs as it stands", async () => {
    const text = readFileSync(path.join(root, "docs/draft.md"), "utf8")
    const [, source] = /^```js\n(.*?)^```$/ms.exec(text) as RegExpExecArray
    const told = [...(source as string).matchAll(/\/\/ → (.*)/g)].map(([, line]) => `${line}\n`).join("")
    const args = ["--no-warnings", "--input-type=module", "-e", source as string]
    expect(await runCommand(process.execPath, args)).toMatchObject({ status: 0, stdout: told, stderr: "" })
  })
})
