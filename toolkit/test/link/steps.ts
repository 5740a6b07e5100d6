// A link whose ends crash at chosen steps of the protocol, in one process: the network between them is a pair of sockets that know the
// messages, and each end has its store through a wrapper, so that nothing of an end gets anywhere once it has crashed.

import { setTimeout as wait } from "node:timers/promises"
import { Dealer, Router } from "ohmq"
import { type LinkReceiver, type LinkSender, type SenderOptions, startReceiver, startSender } from "ohmq-toolkit/link"
import type { Store } from "ohmq-toolkit/store"
import { onTestFinished } from "vitest"

/** Messages, and writes of the stores. */
export const steps = ["hello", "ready", "event", "gap", "append", "refuse", "ack", "deadLetter", "commit"] as const
export type Step = (typeof steps)[number]
export type End = "sender" | "receiver"

/** Ends one end when a step comes for the nth time, before or after it has had an effect. */
export interface Crash {
  end: End
  step: Step
  when: "before" | "after"
  nth: number
  /** Whether its connection stays for a while, and what is on the way arrives late. */
  lingers?: boolean
  /** What the end has when it is back, if not its store. */
  store?: () => Promise<Store>
}

const kinds = new Map<number, Step>([
  [0x01, "hello"],
  [0x02, "event"],
  [0x03, "gap"],
  [0x11, "ready"],
  [0x12, "ack"],
  [0x13, "refuse"],
])

/** The time from the start of an end to its crash. */
class Life {
  isOver = false
  readonly writes = new Set<Promise<unknown>>()
}

/** The sockets of one connection. */
interface Connection {
  front: Router
  backs: Map<string, Dealer>
  isCut: boolean
  /** What is held back while it lingers. */
  late: (() => void)[]
}

export class CrashingLink {
  /** What both ends told. */
  readonly told: string[] = []
  readonly crashed: Crash[] = []
  sender: LinkSender | undefined
  receiver: LinkReceiver | undefined
  readonly stores: Record<End, Store>
  readonly #options: Partial<SenderOptions>
  readonly #lives: Record<End, Life> = { sender: new Life(), receiver: new Life() }
  readonly #counts = new Map<string, number>()
  #crashes: Crash[]
  #crashing: Promise<void> = Promise.resolve()
  #connection: Connection | undefined
  #endpoint = ""

  private constructor(stores: Record<End, Store>, crashes: Crash[], options: Partial<SenderOptions>) {
    this.stores = stores
    this.#crashes = [...crashes]
    this.#options = options
  }

  static async start(stores: Record<End, Store>, crashes: Crash[], options: Partial<SenderOptions> = {}) {
    const link = new CrashingLink(stores, crashes, options)
    onTestFinished(() => link.close())
    await link.#connect()
    await link.#start("receiver")
    await link.#start("sender")
    return link
  }

  /** Crashes that have not happened. */
  get left(): readonly Crash[] {
    return this.#crashes
  }

  async #start(end: End): Promise<void> {
    const life = new Life()
    this.#lives[end] = life
    await this.#startWith(end, life).catch((error) => {
      // It may crash while it starts; then it is started again.
      if (!life.isOver) throw error
    })
  }

  async #startWith(end: End, life: Life): Promise<void> {
    const store = this.#wrapped(end, life)
    if (end === "receiver") {
      this.receiver = await startReceiver(store, { bind: "tcp://127.0.0.1:*", insecure: true, window: 2000 })
      return
    }
    const sender = await startSender(store, {
      connect: this.#endpoint,
      insecure: true,
      stream: "s",
      minBackoff: 1,
      maxBackoff: 10,
      helloTimeout: 500,
      ...this.#options,
    })
    sender.on("behind", () => this.told.push("behind"))
    sender.on("stopped", () => this.told.push("stopped"))
    this.sender = sender
  }

  /** The store as an end sees it. */
  #wrapped(end: End, life: Life): Store {
    const writes = { append: "append", commit: "commit", deadLetter: "deadLetter" } as const
    return new Proxy(this.stores[end], {
      get: (store, name) => {
        const value = Reflect.get(store, name)
        if (typeof value !== "function") return value
        const step = Object.hasOwn(writes, name) ? writes[name as keyof typeof writes] : undefined
        if (step === undefined) return value.bind(store)
        return async (...input: unknown[]) => {
          this.#pass(step, "before")
          // What is not on disk yet is lost in a crash. Dead letters take longest, since what must wait for them must.
          if (!life.isOver) await wait(step === "deadLetter" ? 10 : 1)
          if (life.isOver) throw new Error("The process has ended")
          const written = value.apply(store, input)
          life.writes.add(written)
          const result = await written
          life.writes.delete(written)
          this.#pass(step, "after")
          if (life.isOver) throw new Error("The process has ended")
          return result
        }
      },
    })
  }

  /** A step: somebody may crash here. */
  #pass(step: Step, when: Crash["when"]): void {
    const key = `${step} ${when}`
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    const [crash] = this.#crashes
    if (crash === undefined || crash.step !== step || crash.when !== when || count < crash.nth) return
    this.#crashes.shift()
    this.#counts.clear()
    this.crashed.push(crash)
    this.#lives[crash.end].isOver = true
    this.#cut(crash.lingers === true)
    this.#crashing = this.#crashing.then(() => this.#revive(crash))
  }

  async #revive({ end, store }: Crash): Promise<void> {
    await Promise.allSettled(this.#lives[end].writes)
    // It says goodbye to nobody: its connection is cut, and its store takes nothing.
    await this[end]?.close()
    if (store) this.stores[end] = await store()
    // A sender that is being closed may still say something, which one that was killed cannot: to a port where nobody is.
    if (end === "sender") this.#endpoint = ""
    await this.#connect()
    await this.#start(end)
  }

  /** What there is to know if it hangs. */
  state(): object {
    const sender = this.sender?.stats()
    const { crashed, left, told } = this
    return { crashed, left, told, sender, error: sender?.error?.message, receiver: this.receiver?.stats() }
  }

  /** Waits until all crashes that happened are over. */
  async settled(): Promise<void> {
    await this.#crashing
  }

  #cut(lingers: boolean): void {
    const connection = this.#connection
    if (connection === undefined) return
    connection.isCut = true
    connection.front.close()
    if (!lingers) for (const back of connection.backs.values()) back.close()
    // What was on its way comes when the next session is open, perhaps.
    else
      setTimeout(() => {
        for (const deliver of connection.late) deliver()
        setTimeout(() => {
          for (const back of connection.backs.values()) back.close()
        }, 20)
      }, 20)
  }

  async #connect(): Promise<void> {
    // The end may have crashed while the other one was coming back.
    if (this.#connection?.isCut === false) this.#cut(false)
    const front = new Router({ linger: 0 })
    // The port of the last one may take a moment to be free.
    for (;;) {
      try {
        await front.bind(this.#endpoint || "tcp://127.0.0.1:*")
        break
      } catch {
        await wait(5)
      }
    }
    this.#endpoint = front.lastEndpoint ?? ""
    const connection: Connection = { front, backs: new Map(), isCut: false, late: [] }
    this.#connection = connection
    this.#forward(connection).catch(() => {})
  }

  /** From the sender to the receiver. */
  async #forward(connection: Connection): Promise<void> {
    for await (const [id, ...frames] of connection.front) {
      if (id === undefined || connection.isCut) return
      const name = id.toString("latin1")
      let back = connection.backs.get(name)
      if (back === undefined) {
        back = new Dealer({ linger: 0 })
        back.connect(this.receiver?.endpoint ?? "")
        connection.backs.set(name, back)
        this.#answer(connection, id, back).catch(() => {})
      }
      const step = kinds.get(frames[0]?.[0] ?? 0)
      const to = back
      if (step) this.#pass(step, "before")
      if (connection.isCut) {
        connection.late.push(() => !to.closed && to.trySend(frames))
        return
      }
      await back.send(frames)
      if (step) this.#pass(step, "after")
    }
  }

  /** From the receiver to the sender. */
  async #answer(connection: Connection, id: Buffer, back: Dealer): Promise<void> {
    for await (const frames of back) {
      const step = kinds.get(frames[0]?.[0] ?? 0)
      if (step && !connection.isCut) this.#pass(step, "before")
      if (connection.isCut) continue
      await connection.front.send([id, ...frames])
      if (step) this.#pass(step, "after")
    }
  }

  async close(): Promise<void> {
    this.#crashes = []
    await this.#crashing
    await this.sender?.close()
    await this.receiver?.close()
    this.#cut(false)
  }
}
