// The queue on the network: a ROUTER that clients and workers connect to.

import { Buffer } from "node:buffer"
import { EventEmitter } from "node:events"
import { capability, Router } from "ohmq"
import type { Store } from "../../store/index.js"
import {
  answers,
  decodeRequest,
  encodeAnswer,
  encodeMessage,
  MAX_MESSAGE,
  type RequestKind,
  requestOf,
} from "../protocol.js"
import { type Counts, type Stop, type Task, TaskError, type TaskQueue } from "../queue/index.js"
import { changeable, control } from "./control.js"
import { Dispatcher } from "./dispatcher.js"
import { Engine, type Granted } from "./engine.js"
import { byConnection, leaseBody } from "./grants.js"
import { type ReadServerOptions, readServerOptions, type TaskAction, type TaskServerOptions } from "./options.js"
import { Outgoing } from "./outgoing.js"
import { type PageOptions, pageOf, type TaskSelection } from "./selection.js"
import { snapshotOf, type TasksSnapshot, type TaskView, viewOf } from "./views.js"

/** The events of a queue, and their arguments. */
export interface TaskServerEvents {
  /** Tasks have started, each with the time that it had been ready for, in milliseconds. */
  started: [tasks: readonly TaskView[]]
  /** Tasks have ended, however they ended. */
  ended: [tasks: readonly TaskView[]]
  /** A message was refused. */
  refused: [refusal: { user: string | undefined; code: string; reason: string }]
  /** The store failed, and was opened again. What was not acknowledged is gone. */
  recovered: [error: TaskError]
  /** The queue has ended by itself: another process has taken it over, or its socket has failed. */
  failed: [error: Error]
}

const actions: Record<RequestKind, TaskAction> = {
  work: "work",
  heartbeat: "work",
  report: "work",
  bye: "work",
  submit: "submit",
  cancel: "submit",
  wait: "read",
  query: "read",
  control: "control",
}

/** How many messages are taken at a time, at most. */
const BATCH = 64
/** Reading stops while so many writes are under way. */
const MAX_WRITES = 64

/** A queue that is served. {@link serveTasks} makes one. */
export class TaskServer extends EventEmitter<TaskServerEvents> {
  readonly #options: ReadServerOptions
  readonly #router: Router
  readonly #outgoing: Outgoing
  #engine!: Engine
  #dispatcher!: Dispatcher
  /** Whether each connection must have a user id. */
  readonly #hasUsers: boolean
  #endpoint = ""
  #isOpen = false
  #running: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: TaskServerOptions) {
    super()
    this.#options = readServerOptions(options)
    const { security, context, heartbeat } = this.#options
    this.#hasUsers = security !== undefined && !("clients" in security && security.clients === "any")
    this.#router = new Router({
      ...(context && { context }),
      ...(security && { security }),
      mandatory: true,
      linger: 200,
      // What is sent is bounded by credit, and by the requests that it answers.
      sendHighWaterMark: 0,
      maxMessageSize: MAX_MESSAGE,
      heartbeatInterval: heartbeat,
      heartbeatTimeout: heartbeat,
      heartbeatTimeToLive: heartbeat * 2,
    })
    this.#outgoing = new Outgoing(this.#router)
    if (capability.draft === true) this.#router.peerEvents.on("disconnect", (id) => this.#leave(id.toString("latin1")))
  }

  /** Opens the queue, binds, and begins to receive. */
  async start(store: Store): Promise<void> {
    const { source, limits, bind, turn } = this.#options
    turn?.addEventListener("abort", this.#abandon, { once: true })
    this.#engine = await Engine.open(store, source, limits, {
      granted: (granted) => this.#grant(granted),
      stop: (stop) => this.#stop(stop),
      ended: (tasks) => this.#ended(tasks),
      recovered: (error) => this.#recovered(error),
      failed: (error) => this.#fail(error),
    })
    this.#isOpen = true
    if (this.#options.beat !== undefined) this.#engine.beat(this.#options.beat)
    this.#dispatcher = new Dispatcher(this.#engine, {
      send: (id, message) => this.#outgoing.send(id, message),
      refused: (refusal) => this.emit("refused", refusal),
    })
    if (turn?.aborted) {
      this.#engine.abandon()
      throw notMine()
    }
    await this.#router.bind(bind)
    this.#endpoint = this.#router.lastEndpoint ?? ""
    this.#running = this.#run()
  }

  /** The address that it is, or was, bound to. */
  get endpoint(): string {
    return this.#endpoint
  }

  /** Whether its store works. */
  get isReady(): boolean {
    return this.#closing === undefined && this.#engine.isUp
  }

  /** The state of the queue. */
  snapshot(): TasksSnapshot {
    return snapshotOf(this.#engine.queue)
  }

  /** How many entries of its journal the store has lost, because it was damaged and repaired. Tasks may be missing, or start again. */
  get missing(): number {
    return this.#engine.journal.missing
  }

  /** How many tasks are in each state. */
  get counts(): Readonly<Counts> {
    return this.#engine.queue.book.counts
  }

  /**
   * Tasks in the order in which they were submitted.
   *
   * @throws TaskError `INVALID`
   */
  list(options: PageOptions = {}): { tasks: TaskView[]; next?: number } {
    const { tasks, ...rest } = pageOf(this.#engine.queue, options)
    return { tasks: tasks.map(viewOf), ...rest }
  }

  /** The newest batches, and how many of their tasks are in each state. */
  batches(max: number): { id: string; counts: Counts }[] {
    return [...this.#engine.queue.book.batches].slice(-max).map(([id, counts]) => ({ id, counts: { ...counts } }))
  }

  /**
   * Does what an operator asks for: `configure`, `retry`, `discard`, `schedule` or `unschedule`, as the protocol has it. Resolves to the answer once that is
   * on disk.
   *
   * @throws TaskError
   */
  async change(body: Record<string, unknown>): Promise<object> {
    return this.#change((queue, wall) => control(queue, body, wall, undefined))
  }

  /** Cancels tasks. Resolves to how many once that is on disk; those that run are told to stop. */
  async cancel(selection: TaskSelection, reason: string): Promise<number> {
    return this.#change((queue, wall) => {
      const { tasks } = changeable(queue, selection, ({ hasEnded }) => !hasEnded)
      for (const { id } of tasks) queue.cancel(id, reason, wall)
      return tasks.length
    })
  }

  #change<T>(work: (queue: TaskQueue, wall: number) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#engine.act((queue, { wall }) => {
        const result = work(queue, wall)
        return (error) => (error ? reject(error) : resolve(result))
      })
    })
  }

  async #run(): Promise<void> {
    try {
      // Where nobody has a user id, many messages can be taken at a time.
      if (this.#hasUsers) await this.#runSecured()
      else await this.#runPlain()
    } catch (error) {
      if (this.#closing === undefined) this.#fail(error as Error)
    }
  }

  async #runPlain(): Promise<void> {
    for await (const batch of this.#router.batches({ max: BATCH })) {
      for (const [id, ...frames] of batch) if (id !== undefined) this.#receive(id, frames, undefined)
      if (this.#engine.underWay > MAX_WRITES) await this.#engine.settled()
    }
  }

  async #runSecured(): Promise<void> {
    for await (const { parts, userId } of this.#router.withMetadata()) {
      const [id, ...frames] = parts
      if (id !== undefined) this.#receive(id, frames, userId ?? undefined)
      if (this.#engine.underWay > MAX_WRITES) await this.#engine.settled()
    }
  }

  #receive(id: Buffer, frames: Buffer[], user: string | undefined): void {
    const from = { id, connection: id.toString("latin1"), user, request: requestOf(frames) }
    try {
      const message = decodeRequest(frames)
      if (this.#hasUsers && user === undefined) throw new TaskError("DENIED", "The connection is not authenticated")
      if (!this.#options.allow(user, actions[message.kind]))
        throw new TaskError("DENIED", `${user ?? "Nobody"} may not ${actions[message.kind]}`)
      // The memory of a received part is used again; this is kept.
      this.#dispatcher.handle({ ...from, id: Buffer.from(id) }, message)
    } catch (error) {
      this.#dispatcher.refuse(from, error)
    }
  }

  #grant(granted: readonly Granted[]): void {
    // Leases that were given back before they were on disk are not sent: the worker would do what another one has.
    const valid = granted.filter(({ task, lease }) => task.lease === lease && task.state === "running")
    for (const [connection, mine] of byConnection(valid)) {
      this.#outgoing.send(Buffer.from(connection, "latin1"), encodeMessage(answers.lease, 0, leaseBody(mine)), () =>
        this.#returnLeases(connection, mine),
      )
    }
    if (this.listenerCount("started") > 0) {
      const views = valid.map(({ task }) => viewOf(task))
      this.emit("started", views)
    }
  }

  /** The worker is gone, and has not got them. */
  #returnLeases(connection: string, granted: readonly Granted[]): void {
    // While the store cannot be used, they expire instead.
    if (!this.#engine.isUp) return
    this.#engine.act((queue, { wall }) => {
      queue.leave(connection)
      for (const { task, lease } of granted)
        if (task.lease === lease && queue.book.get(task.id) === task)
          queue.release(task.owner ?? "", task.id, lease, wall)
      return () => {}
    })
  }

  #stop({ task, lease, connection, reason }: Stop): void {
    this.#outgoing.send(Buffer.from(connection, "latin1"), encodeAnswer("stop", 0, { id: task.id, lease, reason }))
  }

  #ended(tasks: readonly Task[]): void {
    this.#dispatcher.waiters.ended(this.#engine.queue, tasks)
    if (this.listenerCount("ended") > 0) this.emit("ended", tasks.map(viewOf))
  }

  #recovered(error: TaskError): void {
    this.#dispatcher.waiters.renew(this.#engine.queue)
    for (const connection of this.#dispatcher.workers)
      this.#outgoing.send(Buffer.from(connection, "latin1"), encodeAnswer("again", 0, {}))
    this.emit("recovered", error)
  }

  #leave(connection: string): void {
    this.#dispatcher.leave(connection)
    if (this.#engine.isUp) this.#engine.queue.leave(connection)
  }

  /** Another process may serve the queue. */
  readonly #abandon = () => {
    this.#engine?.abandon()
    if (this.#running !== undefined) this.#fail(notMine())
  }

  #fail(error: Error): void {
    this.emit("failed", error)
    void this.close()
  }

  /** Stops receiving, and writes what has changed. Workers keep their leases, and are back when the queue is. The store stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { turn } = this.#options
    turn?.removeEventListener("abort", this.#abandon)
    // Workers and clients go to the other process at once: what is under way here may last.
    if (turn?.aborted) await this.#closeRouter()
    if (this.#isOpen) await this.#engine.close()
    await this.#closeRouter()
    await this.#running
  }

  async #closeRouter(): Promise<void> {
    await this.#outgoing.sent()
    // The address is free once this is done.
    if (this.#endpoint !== "" && !this.#router.closed) await this.#router.unbind(this.#endpoint).catch(() => {})
    this.#router.close()
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const notMine = () => new TaskError("TAKEN_OVER", "Another process may serve the queue now")

/**
 * Serves a queue whose tasks are in a store. It takes the queue over if another process serves it from the same store.
 *
 * ```typescript
 * const store = await openStore("./tasks")
 * const server = await serveTasks(store, { bind: "tcp://127.0.0.1:5580" })
 * ```
 *
 * @throws TaskError `INVALID` if an option is not valid
 */
export async function serveTasks(store: Store, options: TaskServerOptions): Promise<TaskServer> {
  const server = new TaskServer(options)
  try {
    await server.start(store)
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}
