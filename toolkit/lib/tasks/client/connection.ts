// A connection to the queue: requests with their answers, and what the queue sends by itself. It connects again whenever it is lost.

import type { Buffer } from "node:buffer"
import { Dealer, type SocketSecurity } from "ohmq"
import { type AnswerKind, decodeAnswer, encodeRequest, MAX_MESSAGE, type RequestKind } from "../protocol.js"
import { TaskError, type TaskErrorCode } from "../queue/index.js"

/** Where the queue is, and how to reach it. Times are in milliseconds. */
export interface Target {
  /** Addresses of queues that serve the same tasks: the next one is tried if one cannot be reached. */
  endpoints: readonly string[]
  security: SocketSecurity | undefined
  heartbeat: number
}

/** A request that says who this is. It is sent first on every connection. */
interface Greeting {
  kind: RequestKind
  body: object
}

/** What happens on a connection. */
export interface Events {
  /** Who this is. */
  greet?(): Greeting | undefined
  greeted?(answer: Record<string, unknown>): void
  received?(kind: AnswerKind, body: Record<string, unknown>): void
  connected?(): void
  disconnected?(reason: string): void
}

interface Pending {
  kind: RequestKind
  body: object
  resolve(answer: Record<string, unknown>): void
  reject(error: Error): void
  timer: NodeJS.Timeout | undefined
  /** Why the queue could not do it yet. */
  problem?: TaskError
}

/** How long to wait before a request is sent again that the queue could not do, because its store failed or another process serves it now. */
const RETRY_MS = 500
const passing: ReadonlySet<TaskErrorCode> = new Set(["STORE", "TAKEN_OVER"])

/** TCP itself would double its waits for minutes, and not notice when the network is back. */
const CONNECT_TIMEOUT = 3000
const MIN_RECONNECT = 100
const MAX_RECONNECT = 2000
const MAX_REQUEST = 0xffff_ffff
/** A queue that ends so many connections in a row before they are ready, refuses this side. One may be cut off because the queue ends. */
const BROKEN_OFF = 3
const SECURITY_HINT =
  "Have both sides the same security, is the queue's certificate the right one, and may this client connect?"

/** Requests and answers over a DEALER. */
export class Connection {
  readonly #target: Target
  readonly #events: Events
  readonly #dealer: Dealer
  readonly #pending = new Map<number, Pending>()
  #request = 0
  #at = 0
  #isUp = false
  #isClosed = false
  #reason = ""
  /** Whether a queue has ever let this side in. */
  #wasLetIn = false
  readonly #endsIfRefused: boolean

  /** @param endsIfRefused Whether requests fail once the queue refuses this side, instead of waiting until it does not. */
  constructor(target: Target, events: Events = {}, endsIfRefused = false) {
    this.#endsIfRefused = endsIfRefused
    this.#target = target
    this.#events = events
    const { security, heartbeat } = target
    this.#dealer = new Dealer({
      ...(security && { security }),
      linger: 0,
      // Requests are bounded by those who wait for their answers.
      sendHighWaterMark: 0,
      maxMessageSize: MAX_MESSAGE,
      connectTimeout: CONNECT_TIMEOUT,
      heartbeatInterval: heartbeat,
      heartbeatTimeout: heartbeat,
      heartbeatTimeToLive: heartbeat * 2,
      reconnectInterval: MIN_RECONNECT,
      reconnectMaxInterval: MAX_RECONNECT,
    })
    this.#watch()
    this.#dealer.connect(this.endpoint)
    void this.#run()
  }

  /** The address that it uses now. */
  get endpoint(): string {
    return this.#target.endpoints[this.#at] as string
  }

  get isUp(): boolean {
    return this.#isUp
  }

  #watch(): void {
    const { events } = this.#dealer
    events.on("handshake", () => this.#up())
    let denied: string | undefined
    let isOpen = false
    let brokenOff = 0
    events.on("connect", () => {
      denied = undefined
      isOpen = true
    })
    events.on("handshake", () => {
      brokenOff = 0
    })
    const breakOff = () => {
      denied ??= `${this.endpoint} ended the connection before it was ready. ${SECURITY_HINT}`
      this.#down(denied)
    }
    events.on("disconnect", () => {
      if (this.#isUp) this.#down(`The connection to ${this.endpoint} was lost`)
      else breakOff()
    })
    events.on("handshake:error:other", breakOff)
    events.on("connect:retry", () => {
      // What the last connection was refused for is out of date if there is none to be had.
      if (!isOpen) denied = undefined
      brokenOff = denied === undefined ? 0 : brokenOff + 1
      isOpen = false
      if (denied === undefined) this.#down(`${this.endpoint} cannot be reached. Is the queue running there?`)
      else if (brokenOff === BROKEN_OFF) this.#refused(denied)
    })
    events.on("handshake:error:auth", ({ error }) => {
      denied = `${this.endpoint} does not let this client in: ${error.message}`
      this.#refused(denied)
    })
    events.on("handshake:error:protocol", ({ error }) => {
      denied = `The handshake with ${this.endpoint} failed: ${error.message}. ${SECURITY_HINT}`
      this.#refused(denied)
    })
  }

  /** Everything that has no answer yet is sent, and perhaps a second time: the queue recognises it. */
  #up(): void {
    this.#isUp = true
    this.#wasLetIn = true
    const greeting = this.#events.greet?.()
    if (greeting) this.#greet(greeting)
    for (const [request, { kind, body }] of this.#pending) this.#send(kind, request, body)
    this.#events.connected?.()
  }

  /** Says again who this is. */
  greetAgain(): void {
    const greeting = this.#isUp ? this.#events.greet?.() : undefined
    if (greeting) this.#greet(greeting)
  }

  #greet({ kind, body }: Greeting): void {
    const request = this.#next()
    const timer = undefined
    const resolve = (answer: Record<string, unknown>) => this.#events.greeted?.(answer)
    // The next connection greets by itself.
    this.#pending.set(request, {
      kind,
      body,
      resolve,
      reject: (error) => this.#events.disconnected?.(error.message),
      timer,
    })
    this.#send(kind, request, body)
    this.#greetings.add(request)
  }

  readonly #greetings = new Set<number>()

  #down(reason: string): void {
    this.#reason = reason
    // Those of a lost connection say what is out of date.
    for (const request of this.#greetings) this.#pending.delete(request)
    this.#greetings.clear()
    const wasUp = this.#isUp
    this.#isUp = false
    if (this.#target.endpoints.length > 1 && !this.#isClosed) this.#switch()
    if (wasUp) this.#events.disconnected?.(reason)
  }

  /** The queue does not want this side. Once it did, or if another one may, requests go on waiting. */
  #refused(reason: string): void {
    const isFinal = this.#endsIfRefused && !this.#wasLetIn && this.#target.endpoints.length === 1
    this.#down(reason)
    if (!isFinal) return
    const error = new TaskError("DENIED", reason)
    for (const request of [...this.#pending.keys()]) this.#settle(request, (pending) => pending.reject(error))
  }

  #switch(): void {
    const before = this.endpoint
    this.#at = (this.#at + 1) % this.#target.endpoints.length
    this.#dealer.disconnect(before)
    this.#dealer.connect(this.endpoint)
  }

  #next(): number {
    do {
      this.#request = this.#request === MAX_REQUEST ? 1 : this.#request + 1
    } while (this.#pending.has(this.#request))
    return this.#request
  }

  /**
   * Sends a request until there is an answer: again on each new connection, and while the queue cannot store anything.
   *
   * @param timeout In milliseconds. 0 waits as long as it takes.
   * @throws TaskError as the queue answers; `TIMEOUT` or `CLOSED`
   */
  request(kind: RequestKind, body: object, timeout = 0, signal?: AbortSignal): Promise<Record<string, unknown>> {
    if (this.#isClosed) return Promise.reject(new TaskError("CLOSED", "The connection to the queue is closed"))
    if (signal?.aborted) return Promise.reject(signal.reason)
    const request = this.#next()
    return new Promise((resolve, reject) => {
      const abort = () => this.#settle(request, (pending) => pending.reject(signal?.reason))
      const timer = timeout === 0 ? undefined : setTimeout(() => this.#timeOut(request, timeout), timeout)
      signal?.addEventListener("abort", abort, { once: true })
      const done = () => signal?.removeEventListener("abort", abort)
      const pending: Pending = {
        kind,
        body,
        timer,
        resolve: (answer) => {
          done()
          resolve(answer)
        },
        reject: (error) => {
          done()
          reject(error)
        },
      }
      this.#pending.set(request, pending)
      if (this.#isUp) this.#send(kind, request, body)
    })
  }

  #timeOut(request: number, timeout: number): void {
    const why = (this.#isUp ? "" : this.#reason) || "Is the queue running there?"
    const message = `${this.endpoint} did not answer within ${timeout} ms. ${why}`
    this.#settle(request, ({ reject, problem }) => reject(problem ?? new TaskError("TIMEOUT", message)))
  }

  /** Waits with a request for a queue that can do it, here or elsewhere. */
  #postpone(request: number, problem: TaskError): void {
    const pending = this.#pending.get(request)
    if (pending === undefined) return
    pending.problem = problem
    setTimeout(() => {
      if (this.#isUp && this.#pending.get(request) === pending) this.#send(pending.kind, request, pending.body)
    }, RETRY_MS)
  }

  #settle(request: number, how: (pending: Pending) => void): void {
    const pending = this.#pending.get(request)
    if (pending === undefined) return
    this.#pending.delete(request)
    this.#greetings.delete(request)
    clearTimeout(pending.timer)
    how(pending)
  }

  #send(kind: RequestKind, request: number, body: object): void {
    try {
      this.#dealer.trySend(encodeRequest(kind, request, body))
    } catch (error) {
      this.#settle(request, (pending) => pending.reject(error as Error))
    }
  }

  async #run(): Promise<void> {
    for await (const batch of this.#dealer.batches()) {
      for (const frames of batch) this.#receive(frames)
    }
  }

  #receive(frames: readonly Buffer[]): void {
    try {
      const { kind, request, body } = decodeAnswer(frames)
      if (kind === "ok") this.#settle(request, (pending) => pending.resolve(body))
      else if (kind === "error") {
        const { code, message } = body as { code: TaskErrorCode; message: string }
        const problem = new TaskError(code, message)
        // A greeting is out of date by then: the queue asks for another one, or ends the connection.
        if (passing.has(code) && !this.#greetings.has(request)) this.#postpone(request, problem)
        else this.#settle(request, (pending) => pending.reject(problem))
      } else this.#events.received?.(kind, body)
    } catch (error) {
      // What cannot be read answers nothing.
      this.#events.disconnected?.((error as Error).message)
    }
  }

  /** Closes it. Requests without an answer are rejected. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isUp = false
    this.#dealer.close()
    const error = new TaskError("CLOSED", "The connection to the queue was closed before there was an answer")
    for (const request of [...this.#pending.keys()]) this.#settle(request, (pending) => pending.reject(error))
  }
}
