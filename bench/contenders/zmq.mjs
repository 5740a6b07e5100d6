// ohmq and zeromq, by the same program: `package` tells which. The roles are those of baseline.cc.

import { announce, arguments_, measure, quantiles, result, waitForWord } from "../lib/child.mjs"

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

/** Receives `total` messages; the clock runs from `skipped` on. Returns seconds. */
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

const roles = {
  async sink() {
    const pull = new zmq.Pull(keys(true))
    await pull.bind(text("address"))
    announce(pull.lastEndpoint)
    const used = measure()
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
    const sockets = Array.from({ length: number("subscribers", 1) }, () => {
      const socket = new zmq.Subscriber(keys(false))
      socket.subscribe(...(topics[text("topics")] ?? []))
      socket.connect(endpoint.toString())
      return socket
    })
    await ready.send("")
    const used = measure()
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
    const named = Array.from({ length: topics }, (_, index) => [`t${index}${topics === 8 ? "" : "."}`, body])
    const sends = (warmup + count) * (topics === 8 ? 4 : 1)
    const used = measure()
    for (let sent = 0; sent < sends; sent += 1) await publisher.send(topics === 0 ? body : named[sent % topics])
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
    const body = message()
    const times = new Float64Array(count)
    for (let done = -warmup; done < count; done += 1) {
      const start = performance.now()
      await request.send(body)
      await request.receive()
      if (done >= 0) times[done] = (performance.now() - start) * 1000
    }
    result({ messages: count, ...quantiles(times) })
    request.close()
  },

  /** 1,000 peers and one router. */
  async router() {
    const router = new zmq.Router({ sendHighWaterMark: 0, ...keys(true) })
    await router.bind("tcp://127.0.0.1:*")
    announce(router.lastEndpoint)
    const used = measure()
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
    const used = measure()
    const body = message()
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
    const { Worker } = await import("node:worker_threads")
    const pull = new zmq.Pull()
    await pull.bind("inproc://threads")
    const argv = ["thread", ...process.argv.slice(3)]
    const worker = new Worker(new URL(import.meta.url), { argv })
    const used = measure()
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

  /** Saturated pairs in one thread; how long the event loop is held up. */
  async pairs() {
    const { monitorEventLoopDelay } = await import("node:perf_hooks")
    const pairs = []
    for (let index = 0; index < number("pairs", 8); index += 1) {
      const pull = new zmq.Pull()
      await pull.bind("tcp://127.0.0.1:*")
      const push = new zmq.Push()
      push.connect(pull.lastEndpoint)
      pairs.push([push, pull])
    }
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const used = measure()
    delay.enable()
    const start = performance.now()
    const each = Math.ceil(count / pairs.length)
    await Promise.all(pairs.flatMap(([push, pull]) => [send(push, each), receive(pull, 0, each)]))
    const seconds = (performance.now() - start) / 1000
    delay.disable()
    result({ seconds, messages: each * pairs.length, delay99: delay.percentile(99) / 1e6, ...used() })
    for (const socket of pairs.flat()) socket.close()
  },
}

await roles[role]()
