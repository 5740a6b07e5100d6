// A peer that has disconnected, with messages of it left to receive: until they are received, its connection is closing.

import { once } from "node:events"
import net from "node:net"

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import { describe, expect, it, onTestFinished } from "vitest"

import { runProgram } from "../support/process.js"
import { open } from "../support/sockets.js"

const gone = { code: "EHOSTUNREACH", message: "Host unreachable" }

/** Sends until it is refused, for whatever reason. */
async function refusal(send: () => Promise<void>): Promise<unknown> {
  for (;;) {
    try {
      await send()
    } catch (error) {
      return error
    }
  }
}

async function dial(address: string) {
  const connection = net.connect(Number(/\d+$/.exec(address)?.[0]), "127.0.0.1")
  onTestFinished(() => void connection.destroy())
  await once(connection, "connect")
  return connection
}

describe("a Stream's client that resets its connection", () => {
  it("rejects with EHOSTUNREACH, and the server serves on", async () => {
    const stream = open(zmq.Stream, { notify: false, sendTimeout: 5000 })
    await stream.bind("tcp://127.0.0.1:*")
    const rude = await dial(stream.lastEndpoint as string)
    rude.write("question")
    const [peer] = await stream.receive()
    rude.write("another, which is not received")
    rude.resetAndDestroy()
    expect(await refusal(() => stream.send([peer, "answer"]))).toMatchObject(gone)

    const polite = await dial(stream.lastEndpoint as string)
    polite.write("hello")
    let request = await stream.receive()
    while (request[0].equals(peer)) request = await stream.receive()
    await stream.send([request[0], "hello back"])
    expect(String(await once(polite, "data"))).toBe("hello back")
  })

  it("rejects a send that waits for room", async () => {
    const stream = open(zmq.Stream, { notify: false, sendHighWaterMark: 1, sendTimeout: 10_000 })
    await stream.bind("tcp://127.0.0.1:*")
    const client = await dial(stream.lastEndpoint as string)
    client.pause()
    client.write("question")
    const [peer] = await stream.receive()
    client.write("another, which is not received")
    const bytes = Buffer.alloc(1 << 20)
    while (stream.trySend([peer, bytes]));
    const waiting = refusal(() => stream.send([peer, bytes]))
    client.resetAndDestroy()
    expect(await waiting).toMatchObject(gone)
  })

  it("frees what it could not send", async () => {
    // It disconnects while its answer is encoded, between the name and the bytes.
    const program = `
      import { once } from "node:events"
      const stream = new zmq.Stream({ notify: false, linger: 0 })
      await stream.bind("tcp://127.0.0.1:*")
      const go = new Int32Array(new SharedArrayBuffer(4))
      const client = new threads.Worker(\`
        import { connect } from "node:net"
        import { workerData } from "node:worker_threads"
        const [port, go] = workerData
        const next = () => {
          const socket = connect(port, "127.0.0.1", () => {
            socket.write("question", () => {
              Atomics.wait(go, 0, 0, 5000); Atomics.store(go, 0, 0)
              socket.resetAndDestroy(); socket.once("close", next)
            })
          })
          socket.on("error", () => {})
        }
        next()\`, { eval: true, workerData: [parseInt(stream.lastEndpoint.split(":").at(-1)), go] })
      const answer = "\\u00e9".repeat(2 ** 23)
      const sizes = []
      for (let count = 0; count < 30; count++) {
        const [peer] = await stream.receive()
        Atomics.store(go, 0, 1); Atomics.notify(go, 0)
        await stream.send([peer, answer]).catch(() => {})
        await sleep(20)
        sizes.push(process.memoryUsage().rss >> 20)
      }
      console.log(sizes.at(-1) - sizes[4] < 80 ? "freed" : sizes.join(" "))
      process.exit(0)`
    expect(await runProgram(program)).toMatchObject({ status: 0, stdout: "freed\n", stderr: "" })
  })
})

describe("a peer that closes", () => {
  it("rejects a send of a mandatory Router that waits for room", async () => {
    const router = open(zmq.Router, { mandatory: true, sendHighWaterMark: 1, sendTimeout: 10_000 })
    await router.bind("tcp://127.0.0.1:*")
    const dealer = open(zmq.Dealer, { routingId: "peer", receiveHighWaterMark: 1, linger: -1 })
    dealer.connect(router.lastEndpoint as string)
    await dealer.send("first")
    await router.receive()
    await dealer.send("second, which is not received")
    const bytes = Buffer.alloc(1 << 20)
    while (router.trySend(["peer", bytes]));
    const waiting = refusal(() => router.send(["peer", bytes]))
    dealer.close()
    expect(await waiting).toMatchObject(gone)
  })

  it("rejects a send of a Server, whether there is room or not", async () => {
    const server = open(draft.Server, { sendHighWaterMark: 1, sendTimeout: 10_000 })
    await server.bind("tcp://127.0.0.1:*")
    const client = open(draft.Client, { receiveHighWaterMark: 1, linger: -1 })
    client.connect(server.lastEndpoint as string)
    await client.send("first")
    const [, { routingId }] = await server.receive()
    await client.send("second, which is not received")
    const bytes = Buffer.alloc(1 << 20)
    while (server.trySend(bytes, { routingId }));
    const waiting = refusal(() => server.send(bytes, { routingId }))
    client.close()
    expect(await waiting).toMatchObject(gone)
    expect(await refusal(() => server.send("x", { routingId }))).toMatchObject(gone)
  })
})
