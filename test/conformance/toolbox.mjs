// What checks work with: sockets that are closed afterwards, free addresses, errors, programs. Only what both packages
// have is used here.

import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { constants } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"

import { failure, runToEnd, sleep, texts, thrown, transports } from "../support/basics.mjs"

export { texts, transports }
export const root = path.resolve(fileURLToPath(import.meta.url), "../../..")
/** In the order of their numbers in zmq.h. */
export const classNames = [
  "Pair",
  "Publisher",
  "Subscriber",
  "Request",
  "Reply",
  "Dealer",
  "Router",
  "Pull",
  "Push",
  "XPublisher",
  "XSubscriber",
  "Stream",
]

export const writerNames = classNames.filter((name) => name !== "Subscriber" && name !== "Pull")
export const readerNames = classNames.filter((name) => name !== "Publisher" && name !== "Push")

/** Where nobody listens. */
export const nobody = "tcp://127.0.0.1:9"

export class Toolbox {
  #sockets = []
  #children = []
  #folder
  #context
  packageName

  /** @param context The context of the sockets, instead of the default one. */
  constructor(packageName, folder, context) {
    this.#context = context
    this.packageName = packageName
    this.#folder = folder
  }

  /** A new socket, closed when the check is over. */
  open(SocketClass, options) {
    return this.closeAfter(
      new SocketClass(this.#context === undefined ? options : { context: this.#context, ...options }),
    )
  }

  closeAfter(socket) {
    this.#sockets.push(socket)
    return socket
  }

  /** An address to bind to that nobody else uses. */
  address(transport = "tcp") {
    if (transport === "tcp") return "tcp://127.0.0.1:*"
    if (transport === "ipc") return `ipc://${path.join(this.#folder, randomUUID().slice(0, 13))}`
    return `inproc://${randomUUID()}`
  }

  /** Binds one socket and connects the other, and gives the endpoint. */
  async join(bound, connected, transport) {
    await bound.bind(this.address(transport))
    connected.connect(bound.lastEndpoint)
    return bound.lastEndpoint
  }

  /** Two sockets, the first bound and the second connected to it. */
  async pair(Bound, Connected, { transport, bound: boundOptions, connected: connectedOptions } = {}) {
    const bound = this.open(Bound, boundOptions)
    const connected = this.open(Connected, connectedOptions)
    await this.join(bound, connected, transport)
    return [bound, connected]
  }

  /** A publisher and a subscriber, named by their classes, between which messages flow. */
  async subscribed(Publisher, Subscriber, { transport = "inproc", topics = [""], bound, connected } = {}) {
    const publisher = this.open(Publisher, bound)
    const subscriber = this.open(Subscriber, { receiveTimeout: 20, ...connected })
    await this.join(publisher, subscriber, transport)
    const receive = () => subscriber.receive()
    const probe = randomUUID()
    const subscribe = (topic, on) =>
      "subscribe" in subscriber
        ? subscriber[on ? "subscribe" : "unsubscribe"](topic)
        : subscriber.send(`${on ? "\x01" : "\0"}${topic}`)
    await subscribe(probe, true)
    for (const topic of topics) await subscribe(topic, true)
    // Subscriptions take effect some time after they are made, in order.
    await this.eventually(async () => {
      await publisher.send(probe)
      await receive()
    })
    await this.eventually(async () => {
      await publisher.send([probe, "last"])
      for (;;) if ((await receive()).length === 2) return
    })
    await subscribe(probe, false)
    subscriber.receiveTimeout = 5000
    return [publisher, subscriber]
  }

  failure = failure
  thrown = thrown

  /** What a promise rejects with that a call returns without throwing. */
  rejection(call) {
    let promise
    try {
      promise = call()
    } catch (error) {
      throw new assert.AssertionError({ message: `The call threw at once: ${error.message}` })
    }
    return this.failure(() => promise)
  }

  /** Asserts that an error has a code, its number, and a message; for endpoints, an address. */
  isErrno(error, code, message, address) {
    assert.ok(error instanceof Error, `no error: ${error}`)
    const { code: actual, errno, message: text } = error
    const expected = { code, errno: errnoOf(code), message }
    const found = { code: actual, errno, message: text }
    if (address !== undefined) {
      expected.address = address
      found.address = error.address
    }
    assert.deepEqual(found, expected)
  }

  /** Asserts that an error is a TypeError with a message. */
  isTypeError(error, message) {
    assert.ok(error instanceof TypeError, `no TypeError: ${error?.stack}`)
    assert.equal(error.message, message)
  }

  /** The warnings that a call gives before it returns. */
  warnings(call) {
    const original = process.emitWarning
    const found = []
    process.emitWarning = (warning) => found.push(String(warning?.message ?? warning))
    try {
      call()
    } finally {
      process.emitWarning = original
    }
    return found
  }

  /** Fails if a promise takes longer than so many milliseconds. */
  async within(milliseconds, promise, what = "the operation") {
    const controller = new AbortController()
    try {
      return await Promise.race([
        promise,
        sleep(milliseconds, undefined, { signal: controller.signal }).then(() => {
          throw new assert.AssertionError({ message: `${what} did not end within ${milliseconds} ms` })
        }),
      ])
    } finally {
      controller.abort()
    }
  }

  /** Fails if a promise settles within so many milliseconds. */
  async stillPending(milliseconds, promise, what = "the operation") {
    const settled = await Promise.race([
      promise.then(
        () => "resolved",
        (error) => `rejected: ${error.message}`,
      ),
      sleep(milliseconds, undefined),
    ])
    assert.equal(settled, undefined, `${what} ${settled}`)
  }

  /** Tries again until it succeeds: for what libzmq's threads do some time later, and tell nobody. */
  async eventually(attempt) {
    for (const ends = performance.now() + 5000; ; ) {
      try {
        return await attempt()
      } catch (error) {
        if (performance.now() > ends) throw error
        await sleep(5)
      }
    }
  }

  /** The next event of a type from an observer. */
  async event(events, type) {
    for (;;) {
      const event = await events.receive()
      if (event.type === type) return event
    }
  }

  sleep = sleep

  /**
   * Runs a CommonJS program in which `zmq` is the package, `gc()` collects garbage and `sleep(ms)` waits; with `module`,
   * one of ES, and with `bare`, one in which these are not.
   */
  program(source, { timeout = 20_000, module = false, bare = module, env = {} } = {}) {
    const prelude = bare
      ? ""
      : `const zmq = require(${JSON.stringify(this.packageName)}); const sleep = require("timers/promises").setTimeout;
         const threads = require("worker_threads");`
    const flags = ["--expose-gc", ...(module ? ["--input-type=module"] : []), "-e"]
    // Deno takes the flags of Node.js, but not that for modules.
    const args = [...(module && process.versions.deno ? ["eval"] : flags), prelude + source]
    return runToEnd(process.execPath, args, {
      cwd: root,
      timeout,
      env: { ...process.env, NODE_OPTIONS: "", NODE_CHANNEL_FD: undefined, ...env },
      started: (child) => this.#children.push(child),
    })
  }

  /** Closes what is left. */
  end() {
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
    for (const socket of this.#sockets) {
      if (socket.closed) continue
      try {
        socket.linger = 0
      } catch {}
      try {
        socket.close()
      } catch {}
    }
  }
}

/** libzmq has numbers of its own for errors that are not the system's. */
const errnoOf = (code) =>
  ({ EFSM: 156384763, ENOCOMPATPROTO: 156384764, ETERM: 156384765, EMTHREAD: 156384766 })[code] ?? constants.errno[code]
