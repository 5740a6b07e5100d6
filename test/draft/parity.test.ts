// The same program with this package and with the one that it stands in for, each in a process of its own; and a program
// with the other one that talks to this one.

import { Server } from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { runCommand } from "../support/process.js"
import { freeAddress, open } from "../support/sockets.js"

const program = `
  const { createRequire } = require("node:module")
  const draft = createRequire(process.cwd() + "/x.js")(process.argv[1])
  const { Server, Client, Radio, Dish, Gather, Scatter, Datagram } = draft
  const { createSocket } = require("node:dgram")
  const told = {}
  const tell = async (name, operation) => {
    try {
      told[name] = (await operation()) ?? null
    } catch ({ code, name: type }) {
      told[name] = code ?? type
    }
  }
  const shown = ([part, beside]) => [
    part.toString("latin1"),
    beside && Object.entries(beside).map(([key, value]) => [key, Buffer.isBuffer(value) ? String(value) : typeof value]),
  ]
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  async function main() {
    told.exports = Object.keys(draft).sort()
    for (const [name, Type] of Object.entries(draft).sort()) {
      const socket = new Type({ linger: 0 })
      told[name] = [socket.type, socket.threadSafe, socket.linger, Type.name, Type.length]
      socket.close()
      await tell(name + " closed", () => socket.bind("inproc://closed"))
    }

    const server = new Server(), client = new Client()
    await server.bind("tcp://127.0.0.1:*"); client.connect(server.lastEndpoint)
    await tell("send", () => client.send(["one"]))
    const question = await server.receive()
    told.question = shown(question)
    await tell("answer", () => server.send("x", question[1]))
    told.answer = shown(await client.receive())
    await tell("null", () => server.send(null, question[1]))
    told.empty = shown(await client.receive())
    await tell("unknown peer", () => server.send("x", { routingId: (question[1].routingId % 4294967295) + 1 }))
    await tell("no options", () => server.send("x"))
    await tell("no message", () => server.send(undefined, question[1]))
    await tell("several parts", () => client.send(["a", "b"]))
    await tell("several parts to a client", () => server.send(["a", "b"], question[1]))
    client.receiveTimeout = 10
    await tell("timeout", () => client.receive())
    server.sendTimeout = 0
    await tell("timeout of an unconnected socket", () => new Client({ sendTimeout: 5, linger: 0 }).send("x"))
    const pending = client.receive(); client.receiveTimeout = -1
    await tell("busy", () => client.receive())
    client.close()
    await tell("closed", () => pending)

    const radio = new Radio(), dish = new Dish()
    dish.join("a", Buffer.from("bb"))
    await tell("joined twice", () => dish.join("a"))
    await tell("left twice", () => { dish.leave("a"); dish.leave("a") })
    dish.join("a")
    await radio.bind("tcp://127.0.0.1:*"); dish.connect(radio.lastEndpoint)
    await sleep(200)
    await tell("no group", () => radio.send("x"))
    await tell("group is a number", () => radio.send("x", { group: 5 }))
    await tell("several parts to a group", () => radio.send(["x", "y"], { group: "a" }))
    await radio.send("nobody", { group: "c" })
    await radio.send("text", { group: "a" })
    await radio.send(Buffer.from([0, 255]), { group: Buffer.from("bb") })
    told.radio = [shown(await dish.receive()), shown(await dish.receive())]

    const gather = new Gather({ conflate: false }), scatter = new Scatter({ conflate: false })
    await gather.bind("inproc://gather"); scatter.connect("inproc://gather")
    await scatter.send("x"); await scatter.send("y")
    const gathered = []
    for await (const [part] of gather) if (gathered.push(String(part)) === 2) break
    told.gather = gathered
    await tell("several parts to gather", () => scatter.send(["x", "y"]))

    const udp = createSocket("udp4").bind(0, "127.0.0.1")
    await new Promise((resolve) => udp.once("listening", resolve))
    const probe = createSocket("udp4").bind(0, "127.0.0.1")
    await new Promise((resolve) => probe.once("listening", resolve))
    const { port } = probe.address()
    await new Promise((resolve) => probe.close(resolve))
    const datagram = new Datagram()
    await datagram.bind("udp://127.0.0.1:" + port)
    const answer = new Promise((resolve) => udp.once("message", resolve))
    // What comes before libzmq's thread has taken the port is lost.
    const again = setInterval(() => udp.send("hello", port, "127.0.0.1"), 5)
    const [address, body] = await datagram.receive()
    clearInterval(again)
    told.datagram = [address.toString("latin1").replace(/:\\d+/, ""), String(body)]
    await datagram.send([address, "answer"])
    told.datagramAnswer = String(await answer)
    console.log(JSON.stringify(told))
    process.exit(0)
  }
  main()`

async function run(name: string): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await runCommand(process.execPath, ["--no-warnings", "-e", program, name])
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  return JSON.parse(stdout)
}

describe("the draft sockets", () => {
  it("do what those of zeromq/draft do", async () => {
    const [mine, theirs] = await Promise.all([run("ohmq/draft"), run("zeromq/draft")])
    expect(Object.keys(theirs).length).toBeGreaterThan(30)
    expect(mine).toEqual(theirs)
  })

  it("talk to those of zeromq/draft, both ways", async () => {
    const server = open(Server)
    await server.bind(freeAddress("tcp"))
    const asking = `
      const { Client } = require("zeromq/draft")
      const client = new Client()
      client.connect(process.argv[1])
      client.send("question").then(() => client.receive()).then(([answer]) => {
        console.log(String(answer))
        client.close()
      })`
    const other = runCommand(process.execPath, ["--no-warnings", "-e", asking, server.lastEndpoint as string])
    const [question, options] = await server.receive()
    expect(String(question)).toBe("question")
    await server.send("answer", options)
    expect(await other).toMatchObject({ status: 0, stdout: "answer\n", stderr: "" })
  })
})
