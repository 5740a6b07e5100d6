// The entries of the package, whichever is loaded first, in two copies.

import assert from "node:assert"

import { test } from "./adapter.js"
import { exchange, forget, load, reuse } from "./load.js"

const orders = [
  ["ohmq", "ohmq/draft", "ohmq/v5-compat"],
  ["ohmq/draft", "ohmq/v5-compat", "ohmq"],
  ["ohmq/v5-compat", "ohmq", "ohmq/draft"],
]

process.removeAllListeners("warning")

/** Uses what an entry exports. */
const uses = {
  main: (zmq) => exchange(zmq, zmq),
  async draft({ Server, Client }) {
    const [server, client] = [new Server(), new Client()]
    await server.bind("tcp://127.0.0.1:*")
    const received = server.receive()
    client.connect(server.lastEndpoint)
    await client.send("a message")
    assert.equal(String((await received)[0]), "a message")
    server.close()
    client.close()
  },
  async "v5-compat"({ socket }) {
    const [push, pull] = [socket("push"), socket("pull")]
    await new Promise((resolve, reject) => {
      pull.bind("tcp://127.0.0.1:*", (error) => (error ? reject(error) : resolve()))
    })
    const received = new Promise((resolve) => pull.on("message", resolve))
    push.connect(pull.last_endpoint)
    push.send("a message")
    assert.equal(String(await received), "a message")
    push.close()
    pull.close()
  },
}

const use = (entries) => Promise.all(entries.map(([name, entry]) => uses[name.split("/")[1] ?? "main"](entry)))

for (const order of orders) {
  await test(`${order[0]} is loaded first`, async () => {
    load(order[0])
    const first = order.map((name) => [name, reuse(name)])
    await use(first)
    load(order.at(-1))
    const second = [...order].reverse().map((name) => [name, reuse(name)])
    await Promise.all([use(first), use(second)])
    forget(/[\\/]node_modules[\\/](ohmq|zeromq)[\\/].*\.js$/)
  })
}
