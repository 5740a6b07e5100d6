// What the queue does with each message.

import type { Buffer } from "node:buffer"
import {
  answers,
  type Decoded,
  encodeAnswer,
  encodeError,
  encodeMessage,
  MAX_ITEMS,
  type RequestKind,
} from "../protocol.js"
import {
  checkInteger,
  checkName,
  checkQueueName,
  checkTask,
  type Moment,
  ownerOf,
  type Submitted,
  TaskError,
  type TaskQueue,
} from "../queue/index.js"
import { changeable, control } from "./control.js"
import type { Engine, Then } from "./engine.js"
import { query } from "./queries.js"
import { applyReport } from "./reports.js"
import { checkSelection, requireKnown } from "./selection.js"
import { countsOf, Waiters } from "./waiters.js"

/** Where a message came from. */
export interface From {
  id: Buffer
  /** The same as text. */
  connection: string
  user: string | undefined
  request: number
}

/** What the dispatcher needs of the server. */
export interface Wire {
  send(id: Buffer, message: Buffer[]): void
  refused(refusal: { user: string | undefined; code: string; reason: string }): void
}

/** Does what messages ask for, and answers once that is on disk. */
export class Dispatcher {
  readonly #engine: Engine
  readonly #wire: Wire
  readonly waiters = new Waiters()
  /** The connections of workers. */
  readonly workers = new Set<string>()

  constructor(engine: Engine, wire: Wire) {
    this.#engine = engine
    this.#wire = wire
  }

  refuse({ id, user, request }: From, error: unknown): void {
    const { code, message } = error instanceof TaskError ? error : new TaskError("STORE", String(error))
    this.#wire.refused({ user, code, reason: message })
    this.#wire.send(id, encodeError(request, code, message))
  }

  /** Does something with the queue; once that is on disk, answers with what `work` returns. */
  #act(from: From, work: (queue: TaskQueue, moment: Moment) => object | (() => void)): void {
    this.#engine.act((queue, moment) => {
      const answer = work(queue, moment)
      return this.#then(from, () => {
        if (typeof answer === "function") answer()
        else this.#wire.send(from.id, encodeAnswer("ok", from.request, answer))
      })
    })
  }

  #then(from: From, answer: () => void): Then {
    return (error) => {
      if (error) this.refuse(from, error)
      else answer()
    }
  }

  /**
   * Does what a message asks for.
   *
   * @throws TaskError if it is refused
   */
  handle(from: From, { kind, body }: Decoded<RequestKind>): void {
    switch (kind) {
      case "work":
        this.#work(from, body)
        break
      case "submit":
        this.#submit(from, body)
        break
      case "heartbeat":
        this.#act(from, (queue, moment) => ({
          lost: queue.heartbeat(this.#owner(from, body), numbersIn(body.leases), moment),
        }))
        break
      case "report":
        this.#report(from, body)
        break
      case "cancel":
        this.#cancel(from, body)
        break
      case "wait":
        this.#wait(from, body)
        break
      case "query":
        this.#query(from, body)
        break
      case "control":
        this.#act(from, (queue, { wall }) => control(queue, body, wall, from.user))
        break
      case "bye":
        this.#act(from, (queue, { wall }) => {
          queue.bye(from.connection, from.user, wall)
          return {}
        })
    }
  }

  #owner({ user }: From, body: Record<string, unknown>): string {
    return ownerOf(user, checkName("instance", body.instance))
  }

  #work(from: From, body: Record<string, unknown>): void {
    this.workers.add(from.connection)
    const worker = {
      connection: from.connection,
      user: from.user,
      instance: checkName("instance", body.instance),
      name: checkName("name", body.name),
      queue: checkQueueName(body.queue),
      session: checkInteger("session", body.session, 0, Number.MAX_SAFE_INTEGER),
      credit: checkInteger("credit", body.credit, 0, 10_000),
      leases: numbersIn(body.leases),
    }
    this.#act(from, (queue, moment) => ({ lost: queue.join(worker, moment), lease: queue.limits.lease }))
  }

  #submit(from: From, { tasks }: Record<string, unknown>): void {
    const { maxValue } = this.#engine.queue.limits
    const list = itemsIn("tasks", tasks)
    this.#act(from, (queue, { wall }) => ({
      tasks: list.map((value): Submitted | undefined => {
        try {
          return queue.submit([checkTask(value, maxValue)], wall, from.user)[0]
        } catch (error) {
          const { code, message } = error as TaskError
          const { id } = (value ?? {}) as { id?: unknown }
          return { id: String(id).slice(0, 200), status: "refused", code, reason: message }
        }
      }),
    }))
  }

  #report(from: From, body: Record<string, unknown>): void {
    const owner = this.#owner(from, body)
    const reports = itemsIn("reports", body.reports)
    this.#act(from, (queue, moment) => ({
      results: reports.map((report) => {
        try {
          this.#engine.addEvents(applyReport(queue, owner, from.user, report, moment))
          return null
        } catch (error) {
          if (!(error instanceof TaskError)) throw error
          return { code: error.code, message: error.message }
        }
      }),
    }))
  }

  #cancel(from: From, body: Record<string, unknown>): void {
    const reason = typeof body.reason === "string" ? body.reason.slice(0, 500) : "It was cancelled by request"
    this.#act(from, (queue, { wall }) => {
      const { tasks, more } = changeable(queue, body.select, ({ hasEnded }) => !hasEnded)
      for (const { id } of tasks) queue.cancel(id, reason, wall)
      const ids = tasks.map(({ id }) => id)
      return () =>
        this.waiters.add(`${from.connection} ${from.request}`, this.#engine.queue, { ids }, () => {
          const states = ids.map((id) => this.#engine.queue.book.get(id)?.state ?? "cancelled")
          const count = (state: string) => states.filter((one) => one === state).length
          const ended = { cancelled: count("cancelled"), finished: count("finished"), failed: count("failed") }
          this.#wire.send(from.id, encodeAnswer("ok", from.request, { ...ended, more }))
        })
    })
  }

  #wait(from: From, body: Record<string, unknown>): void {
    const selection = checkSelection(body.select)
    this.#act(from, (queue) => {
      requireKnown(queue, selection)
      return () =>
        this.waiters.add(`${from.connection} ${from.request}`, this.#engine.queue, selection, () => {
          const { queue: now } = this.#engine
          const counts = selection.ids ? undefined : { counts: countsOf(now, selection) }
          const states = selection.ids?.map((id) => now.book.get(id)?.state)
          this.#wire.send(from.id, encodeAnswer("ok", from.request, { ...counts, states }))
        })
    })
  }

  #query(from: From, body: Record<string, unknown>): void {
    this.#act(from, () => {
      const answer = query(this.#engine, body)
      const send = (text: string) => this.#wire.send(from.id, encodeMessage(answers.ok, from.request, text))
      if (typeof answer === "string") return () => send(answer)
      return () => {
        answer().then(send, (error) => this.refuse(from, error))
      }
    })
  }

  /** A connection is gone. */
  leave(connection: string): void {
    this.workers.delete(connection)
    this.waiters.leave(connection)
  }
}

const numbersIn = (value: unknown): number[] =>
  itemsIn("leases", value).map((lease) => checkInteger("a lease", lease, 1, Number.MAX_SAFE_INTEGER))

function itemsIn(what: string, value: unknown): unknown[] {
  if (Array.isArray(value) && value.length <= MAX_ITEMS) return value
  const came = Array.isArray(value) ? `${value.length}` : typeof value
  throw new TaskError("INVALID", `Expected ${what} to be an array of at most ${MAX_ITEMS} but received ${came}`)
}
