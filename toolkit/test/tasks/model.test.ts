// The queue against a reference of a few lines, through random submissions, workers, crashes and clocks that jump.

import process from "node:process"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  checkTask,
  defaultQueueLimits,
  ownerOf,
  type Task,
  TaskError,
  TaskQueue,
  type TaskRecord,
} from "../../lib/tasks/queue/index.js"

const LEASE = 1000
const limits = { ...defaultQueueLimits, lease: LEASE, keep: 1e12 }

type Action =
  | {
      do: "submit"
      id: number
      key?: string
      priority: number
      after: number[]
      wait: number
      expires: number
      attempts: number
    }
  | { do: "join"; worker: number; credit: number; forgets: boolean }
  | { do: "leave" | "bye" | "heartbeat"; worker: number }
  | { do: "finish" | "fail" | "release"; pick: number }
  | { do: "cancel" | "retry" | "discard"; id: number }
  | { do: "pause" | "resume" | "crash" }
  | { do: "pass"; time: number }
  | { do: "jump"; time: number }

const id = fc.integer({ min: 0, max: 15 })
const worker = fc.integer({ min: 0, max: 2 })
const pick = fc.nat({ max: 1000 })
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record(
      {
        do: fc.constant("submit" as const),
        id,
        key: fc.constantFrom("a", "b"),
        priority: fc.integer({ min: -10, max: 10 }),
        after: fc.array(id, { maxLength: 2 }),
        wait: fc.constantFrom(0, 0, 0, 500, 5000),
        expires: fc.constantFrom(0, 0, 0, 3000),
        attempts: fc.integer({ min: 1, max: 3 }),
      },
      { requiredKeys: ["do", "id", "priority", "after", "wait", "expires", "attempts"] },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("join" as const),
      worker,
      credit: fc.integer({ min: 0, max: 3 }),
      forgets: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("leave" as const, "bye" as const, "heartbeat" as const), worker }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom("finish" as const, "fail" as const, "release" as const), pick }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("cancel" as const, "retry" as const, "discard" as const), id }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("pause" as const, "resume" as const, "crash" as const, "crash" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), time: fc.integer({ min: 1, max: 2500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("jump" as const), time: fc.integer({ min: -1e7, max: 1e7 }) }) },
)

/** What is known of a task from outside. */
interface Known {
  /** Its current lease. Undefined while it does not run. */
  lease: number | undefined
  ends: number
  lives: number
  result: string | undefined
}

class Run {
  queue = new TaskQueue(limits, () => 1)
  readonly records: TaskRecord[] = []
  wall = 1_700_000_000_000
  steady = 0
  readonly known = new Map<string, Known>()
  readonly granted: { id: string; lease: number; owner: string; worker: number }[] = []
  readonly connections = new Map<number, { connection: string; credit: number; leases: Set<number> }>()
  #connection = 0
  #isPaused = false

  get moment() {
    return { wall: this.wall, steady: this.steady }
  }

  of(id: string): Known {
    const known = this.known.get(id)
    if (!known) throw new Error(`${id} is not known`)
    return known
  }

  /** Takes what the queue says, and compares it with what is known. */
  settle(): void {
    this.#take()
    const before = new Map([...this.queue.book.values()].map((task) => [task.id, task.state]))
    for (const [seat, task] of this.queue.assign(this.moment)) this.#granted(seat.instance, seat.credit, task, before)
    this.#take()
    const running = new Map<string, number>()
    for (const { key, state } of this.queue.book.values())
      if (key !== undefined && state === "running") running.set(key, (running.get(key) ?? 0) + 1)
    for (const [key, count] of running) expect(count, `one task of the key ${key} runs`).toBe(1)
    expect(this.queue.book.inputSize).toBe(
      [...this.queue.book.values()].reduce((sum, { input }) => sum + input.length, 0),
    )
  }

  #take(): void {
    const { records, ended } = this.queue.take()
    this.records.push(...records)
    for (const task of ended) {
      const known = this.of(task.id)
      known.ends++
      known.lease = undefined
      expect(known.ends, `${task.id} ends once in each of its lives`).toBeLessThanOrEqual(known.lives)
    }
    for (const record of records) {
      if (record.type === "task.retried") this.of(record.id).lease = undefined
      if (record.type === "task.returned") for (const one of record.ids) this.of(one).lease = undefined
    }
  }

  #granted(instance: string, credit: number, task: Task, before: ReadonlyMap<string, string>): void {
    const worker = Number(instance)
    const { id, lease, key, seq } = task
    const known = this.of(id)
    expect(this.#isPaused, "nothing starts while the queue is paused").toBe(false)
    expect(known.lease, `${id} runs once at a time`).toBeUndefined()
    expect(before.get(id), `${id} was ready`).toBe("ready")
    expect(Math.max(0, ...this.granted.map((one) => one.lease)), "leases rise").toBeLessThan(lease)
    for (const one of task.after ?? []) expect(this.queue.book.get(one)?.state ?? "finished").toBe("finished")
    if (key !== undefined)
      for (const other of this.queue.book.values())
        if (other.key === key && other.seq < seq)
          expect(other.state, `${other.id} comes before ${id}`).not.toBe("ready")
    known.lease = lease
    this.granted.push({ id, lease, owner: task.owner ?? "", worker })
    this.connections.get(worker)?.leases.add(lease)
    const held = [...this.queue.running].filter(({ owner }) => owner === task.owner).length
    expect(held, "credit is kept").toBeLessThanOrEqual(Math.max(credit, this.connections.get(worker)?.leases.size ?? 0))
  }

  submit({ id, key, priority, after, wait, expires, attempts }: Action & { do: "submit" }): void {
    const known = this.queue.book.get(`t${id}`)
    const ids = after.map((one) => `t${one}`)
    const task = checkTask(
      {
        id: `t${id}`,
        key,
        priority,
        after: ids,
        attempts,
        runAt: this.wall + wait,
        expires: expires && this.wall + expires,
        backoff: 700,
      },
      1000,
    )
    const isMissing = ids.some((one) => this.queue.book.get(one) === undefined)
    const expected = known ? "duplicate" : isMissing ? "refused" : "stored"
    if (expected === "stored") this.known.set(task.id, { lease: undefined, ends: 0, lives: 1, result: undefined })
    expect(this.queue.submit([task], this.wall)[0]?.status).toBe(expected)
  }

  join(worker: number, credit: number, forgets: boolean): void {
    const before = this.connections.get(worker)
    const mine = [...this.queue.running].filter(({ owner }) => owner === ownerOf(undefined, String(worker)))
    const held = new Set(forgets ? [] : [...(before?.leases ?? [])])
    const connection = `c${this.#connection++}`
    this.connections.set(worker, { connection, credit, leases: held })
    const lost = this.queue.join(
      {
        connection,
        user: undefined,
        instance: String(worker),
        name: `w${worker}`,
        queue: "default",
        session: this.#connection,
        credit,
        leases: [...held],
      },
      this.moment,
    )
    expect(new Set(lost)).toEqual(new Set([...held].filter((lease) => !mine.some((task) => task.lease === lease))))
    for (const lease of lost) held.delete(lease)
  }

  /** A worker says what became of a lease, perhaps one that is long over. */
  settleLease(kind: "finish" | "fail" | "release", pick: number): void {
    const one = this.granted[pick % Math.max(this.granted.length, 1)]
    if (!one) return
    const { id, lease, owner } = one
    const known = this.known.get(id)
    const holds = known?.lease === lease
    const before = this.queue.book.get(id)
    const wasFinished = before?.state === "finished" && before.lease === lease
    this.connections.get(one.worker)?.leases.delete(lease)
    try {
      if (kind === "finish") {
        this.queue.finish(owner, id, lease, JSON.stringify(lease), this.wall)
        expect(holds || wasFinished, `lease ${lease} may finish ${id}`).toBe(true)
        if (holds && known) known.result = JSON.stringify(lease)
      } else if (kind === "fail") this.queue.fail(owner, id, lease, { reason: "no", retry: true }, this.wall)
      else this.queue.release(owner, id, lease, this.wall)
    } catch (error) {
      expect(error).toBeInstanceOf(TaskError)
      expect(holds, `lease ${lease} of ${id} is over`).toBe(false)
    }
  }

  /** The process ends, and another one reads its records. */
  crash(): void {
    this.queue.tick(this.moment)
    this.settle()
    // What is ready may have to wait again, if the clock was set back.
    const where = (state: string) => (state === "ready" ? "scheduled" : state)
    const state = (queue: TaskQueue) =>
      [...queue.book.values()]
        .sort((one, other) => one.seq - other.seq)
        .map(({ id, seq, state, attempt, lease, reason, notBefore, cancelling, ended }) => ({
          id,
          seq,
          state: where(state),
          attempt,
          lease,
          reason,
          notBefore,
          cancelling,
          ended,
        }))
    const before = state(this.queue)
    this.queue = new TaskQueue(limits, () => 1)
    this.records.forEach((record, position) => {
      // As it is read: another object.
      const copy = JSON.parse(JSON.stringify({ ...record, task: undefined })) as TaskRecord
      this.queue.load(copy, position)
    })
    this.queue.settle(this.moment)
    // What became due while nothing ran is ready at once.
    this.queue.tick(this.moment)
    expect(this.queue.take().records).toEqual([])
    expect(state(this.queue)).toEqual(before)
    for (const one of this.connections.values()) one.connection = "none"
  }

  apply(one: Action): void {
    const at = "worker" in one ? this.connections.get(one.worker) : undefined
    const task = "id" in one ? this.queue.book.get(`t${one.id}`) : undefined
    switch (one.do) {
      case "submit":
        this.submit(one)
        break
      case "join":
        this.join(one.worker, one.credit, one.forgets)
        break
      case "leave":
        if (at) this.queue.leave(at.connection)
        break
      case "bye":
        if (at) this.queue.bye(at.connection, undefined, this.wall)
        break
      case "heartbeat":
        this.queue.heartbeat(ownerOf(undefined, String(one.worker)), [...(at?.leases ?? [])], this.moment)
        break
      case "finish":
      case "fail":
      case "release":
        this.settleLease(one.do, one.pick)
        break
      case "cancel":
        if (task) {
          const wasWaiting = task.isWaiting
          this.queue.cancel(task.id, "not wanted", this.wall)
          if (wasWaiting) expect(task.state).toBe("cancelled")
        }
        break
      case "retry":
        if (task?.state === "failed") this.of(task.id).lives++
        if (task) this.queue.retry([task], this.wall)
        break
      case "discard":
        if (task?.hasEnded) this.known.delete(task.id)
        if (task) this.queue.discard([task])
        break
      case "pause":
      case "resume":
        this.#isPaused = one.do === "pause"
        this.queue.configure("default", { paused: this.#isPaused })
        break
      case "crash":
        this.crash()
        break
      case "pass":
        this.pass(one.time)
        break
      case "jump":
        this.wall += one.time
        this.queue.tick(this.moment)
    }
    this.settle()
  }

  pass(time: number): void {
    this.wall += time
    this.steady += time
    this.queue.tick(this.moment)
  }

  /** Works until nothing is left. */
  drain(): void {
    // Whatever the clock said: all that waits is due.
    this.apply({ do: "jump", time: 1e8 })
    this.apply({ do: "resume" })
    for (let round = 0; round < 200 && this.queue.book.open > this.queue.book.counts.failed; round++) {
      this.join(0, 3, false)
      this.settle()
      for (const { id, lease, owner } of this.queue.running) {
        if (owner !== ownerOf(undefined, "0")) continue
        this.queue.finish(owner ?? "", id, lease, JSON.stringify(lease), this.wall)
        this.of(id).result = JSON.stringify(lease)
      }
      this.pass(LEASE / 2)
      this.settle()
    }
  }
}

describe("the queue", () => {
  it("ends every task once, by its last lease, in order of keys, whatever happens", { timeout: 240_000 }, () => {
    const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
    fc.assert(
      fc.property(fc.array(action, { minLength: 5, maxLength: 120 }), (actions) => {
        const run = new Run()
        for (const one of actions) run.apply(one)
        run.drain()
        for (const task of run.queue.book.values()) {
          const known = run.of(task.id)
          expect(task.hasEnded, `${task.id} has ended`).toBe(true)
          expect(known.ends).toBe(known.lives)
          const last = run.records.findLast(
            (record) => "data" in record && record.data.id === task.id && record.data.ended !== undefined,
          )
          if (task.state === "finished") expect((last as { result: string }).result).toBe(known.result)
        }
      }),
      { numRuns: Number(process.env.OHMQ_RUNS ?? 300), seed },
    )
  })
})
