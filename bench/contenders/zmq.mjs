// ohmq and zeromq in the same program; `package` selects one. The roles are those of baseline.cc.

import { setImmediate as nextTurn } from "node:timers/promises"
import { Worker } from "node:worker_threads"

import { announce, arguments_, measure, measureLoop, result, roundTrips, waitForWord } from "../lib/child.mjs"

const { role, text, number } = arguments_
const { default: zmq } = await import(text("package", "ohmq"))

const size = number("size", 10)
const parts = number("parts", 1)
const count = number("count", 100_000)
const warmup = number("warmup", 1000)
const batch = number("batch", 256)
const batched = text("api") === "batch"

const keys = (server) => {
  if (text("curve") === "") return {}
  if (server) return { curveServer: true, curveSecretKey: text("serverSecretKey") }
  return {
    curveServerKey: text("serverPublicKey"),
    curvePublicKey: text("clientPublicKey"),
    curveSecretKey: text("clientSecretKey"),
  }
}

function message() {
  const part = text("kind") === "string" ? "x".repeat(size) : Buffer.alloc(size, "x")
  return parts === 1 ? part : Array(parts).fill(part)
}

async function send(socket, total) {
  const body = message()
  if (batched) {
    const messages = Array(batch).fill(body)
    for (let sent = 0; sent < total; sent += batch) {
      await socket.sendMany(total - sent < batch ? messages.slice(0, total - sent) : messages)
    }
  } else {
    for (let sent = 0; sent < total; sent += 1) await socket.send(body)
  }
}

/** Receives `skipped` messages, then measures the time of `total` messages. Returns seconds. */
async function receive(socket, skipped, total) {
  let start = performance.now()
  let left = skipped + total
  if (batched) {
    for await (const messages of socket.batches({ max: batch })) {
      left -= messages.length
      if (left + messages.length > total && left <= total) start = performance.now()
      if (left <= 0) break
    }
  } else {
    for await (const _ of socket) {
      left -= 1
      if (left === total) start = performance.now()
      if (left === 0) break
    }
  }
  return (performance.now() - start) / 1000
}

function subscribe(endpoint, topics) {
  const socket = new zmq.Subscriber(keys(false))
  socket.subscribe(...topics)
  socket.connect(endpoint)
  return socket
}

/** libzmq drops subscriptions beyond sendHighWaterMark, which zeromq's Subscriber lacks. So this uses an XSubscriber. */
async function subscribeToMany(endpoint, topics) {
  const socket = new zmq.XSubscriber({ sendHighWaterMark: 0, ...keys(false) })
  socket.connect(endpoint)
  for (const topic of topics) await socket.send(`\u0001${topic}`)
  return socket
}

function startThread(name) {
  return new Worker(new URL(import.meta.url), { argv: [name, ...process.argv.slice(3)] })
}

/** Requests and replies, one after the other. */
async function ask(request) {
  const body = message()
  const trip = async () => {
    await request.send(body)
    await request.receive()
  }
  result(await roundTrips({ warmup, count }, trip))
}

const roles = {
  async sink() {
    const pull = new zmq.Pull(keys(true))
    await pull.bind(text("address"))
    announce(pull.lastEndpoint)
    const used = measureLoop()
    result({ seconds: await receive(pull, warmup, count), messages: count, ...used() })
    pull.close()
  },

  async source() {
    const push = new zmq.Push(keys(false))
    push.connect(text("endpoint"))
    const used = measure()
    await send(push, warmup + count)
    await waitForWord()
    result({ messages: warmup + count, ...used() })
    push.close()
  },

  async subscribers() {
    const topics = { "2of8": ["t2", "t5"], 10000: Array.from({ length: 10_000 }, (_, index) => `t${index}.`) }
    const ready = new zmq.Reply()
    await ready.bind("tcp://127.0.0.1:*")
    announce(ready.lastEndpoint)
    const [endpoint] = await ready.receive()
    const sockets = await Promise.all(
      Array.from({ length: number("subscribers", 1) }, () =>
        text("topics") === "10000"
          ? subscribeToMany(endpoint.toString(), topics[10000])
          : subscribe(endpoint.toString(), topics[text("topics")] ?? []),
      ),
    )
    await ready.send("")
    const used = measureLoop()
    const times = await Promise.all(sockets.map((socket) => receive(socket, warmup, count)))
    result({ seconds: Math.max(...times), messages: count * sockets.length, ...used() })
    for (const socket of [...sockets, ready]) socket.close()
  },

  async publisher() {
    const topics = { "2of8": 8, 10000: 10_000 }[text("topics")] ?? 0
    const publisher = new zmq.XPublisher({ ...keys(true), verbosity: "allSubs", noDrop: true })
    await publisher.bind("tcp://127.0.0.1:*")
    const ready = new zmq.Request()
    ready.connect(text("endpoint"))
    await ready.send(publisher.lastEndpoint)
    const each = { "2of8": 2, 10000: 10_000 }[text("topics")] ?? 1
    for (let got = 0; got < number("subscribers", 1) * each; got += 1) await publisher.receive()
    const body = message()
    const byTopic = Array.from({ length: topics }, (_, index) => [`t${index}${topics === 8 ? "" : "."}`, body])
    const sends = (warmup + count) * (topics === 8 ? 4 : 1)
    const used = measure()
    for (let sent = 0; sent < sends; ) {
      try {
        await publisher.send(topics === 0 ? body : byTopic[sent % topics])
        sent += 1
      } catch (error) {
        // ohmq waits for the slowest subscriber; zeromq fails, so try again.
        if (error.code !== "EAGAIN") throw error
        await nextTurn()
      }
    }
    await waitForWord()
    result({ messages: sends, ...used() })
    publisher.close()
    ready.close()
  },

  async server() {
    const reply = new zmq.Reply(keys(true))
    await reply.bind(text("address"))
    announce(reply.lastEndpoint)
    for await (const question of reply) await reply.send(question)
  },

  async client() {
    const request = new zmq.Request(keys(false))
    request.connect(text("endpoint"))
    await ask(request)
    request.close()
  },

  /** One router and 1,000 peers. */
  async router() {
    const router = new zmq.Router({ sendHighWaterMark: 0, ...keys(true) })
    await router.bind("tcp://127.0.0.1:*")
    announce(router.lastEndpoint)
    for (let greeted = 0; greeted < number("connections", 1000); greeted += 1) {
      const [peer] = await router.receive()
      await router.send([peer, ""])
    }
    const used = measureLoop()
    result({ seconds: await receive(router, warmup, count), messages: count, ...used() })
    router.close()
  },

  async dealers() {
    const context = new zmq.Context({ maxSockets: 2000 })
    const dealers = Array.from({ length: number("connections", 1000) }, () => {
      const dealer = new zmq.Dealer({ context, ...keys(false) })
      dealer.connect(text("endpoint"))
      return dealer
    })
    const body = message()
    // Waits for a reply to each before measuring, so that all are connected.
    for (const dealer of dealers) await dealer.send(body)
    for (const dealer of dealers) await dealer.receive()
    const used = measure()
    const total = warmup + count
    for (let sent = 0; sent < total; sent += 1) await dealers[sent % dealers.length].send(body)
    await waitForWord()
    result({ messages: total, ...used() })
    for (const dealer of dealers) dealer.close()
  },

  /** Both ends in one thread, over inproc. */
  async single() {
    const pull = new zmq.Pull()
    await pull.bind("inproc://single")
    const push = new zmq.Push()
    push.connect("inproc://single")
    const used = measure()
    const start = performance.now()
    await Promise.all([send(push, count), receive(pull, 0, count)])
    result({ seconds: (performance.now() - start) / 1000, messages: count, ...used() })
    push.close()
    pull.close()
  },

  /** Two worker threads, over inproc. */
  async threads() {
    const pull = new zmq.Pull()
    await pull.bind("inproc://threads")
    const used = measureLoop()
    const worker = startThread("thread")
    const seconds = await receive(pull, warmup, count)
    result({ seconds, messages: count, ...used() })
    pull.close()
    await worker.terminate()
  },

  async thread() {
    const push = new zmq.Push()
    push.connect("inproc://threads")
    await send(push, warmup + count)
    push.close()
  },

  async echo() {
    const request = new zmq.Request()
    await request.bind("inproc://echo")
    const worker = startThread("echoThread")
    await ask(request)
    request.close()
    await worker.terminate()
  },

  async echoThread() {
    const reply = new zmq.Reply()
    reply.connect("inproc://echo")
    for await (const question of reply) await reply.send(question)
  },

  /** Saturated pairs in one thread, to measure how long they block the event loop. */
  async pairs() {
    const pairs = []
    for (let index = 0; index < number("pairs", 8); index += 1) {
      const pull = new zmq.Pull()
      await pull.bind("tcp://127.0.0.1:*")
      const push = new zmq.Push()
      push.connect(pull.lastEndpoint)
      pairs.push([push, pull])
    }
    const used = measureLoop()
    const start = performance.now()
    const each = Math.ceil(count / pairs.length)
    await Promise.all(pairs.flatMap(([push, pull]) => [send(push, each), receive(pull, 0, each)]))
    const seconds = (performance.now() - start) / 1000
    result({ seconds, messages: each * pairs.length, ...used() })
    for (const socket of pairs.flat()) socket.close()
  },
}

await roles[role]()
