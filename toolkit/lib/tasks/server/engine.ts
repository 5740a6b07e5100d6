// The queue with its journal: nothing that it says gets out before it is on disk.

import type { NewEvent, Store } from "../../store/index.js"
import { clean, Journal, needsCleaning } from "../journal/index.js"
import { type Moment, type QueueLimits, type Seat, type Stop, type Task, TaskError, TaskQueue } from "../queue/index.js"

/** Called when all that was done before is on disk, or with the error if it is not. */
export type Then = (error?: TaskError) => void

/** A lease that was given. The task may have another one by now. */
export interface Granted {
  seat: Seat
  task: Task
  lease: number
}

/** Who is told. All of it is on disk by then. */
export interface Listener {
  granted(leases: readonly Granted[]): void
  stop(stop: Stop): void
  ended(tasks: readonly Task[]): void
  /** What was not acknowledged is gone; workers have to join again. */
  recovered(error: TaskError): void
  /** It cannot go on. */
  failed(error: TaskError): void
}

/** How long to wait before the store is opened again after it failed. */
const RETRY_MS = 1000
/** A store that fails again so soon is not well yet, such as on a disk that is full but for a few bytes. */
const SHORTLY_MS = 10_000
/** Of that time, it reads the journal again for at most this fraction: that can be long. */
const READING = 0.2

const now = (): Moment => ({ wall: Date.now(), steady: performance.now() })

/** Runs a queue on a store. */
export class Engine {
  readonly #store: Store
  readonly #source: string
  readonly #limits: QueueLimits
  readonly #listener: Listener
  #journal!: Journal
  #queue!: TaskQueue
  #thens: Then[] = []
  #events: NewEvent[] = []
  #isScheduled = false
  #timer: NodeJS.Timeout | undefined
  #wakesAt = Number.POSITIVE_INFINITY
  #cleaning: Promise<void> | undefined
  /** Since when it has no queue, after a failure of the store. */
  #down: Promise<void> | undefined
  /** When it was made again of what is on disk, and how long that took. */
  #recovered: { at: number; took: number } | undefined
  #underWay = 0
  #writtenAt = 0
  #beats: NodeJS.Timeout | undefined
  #isClosed = false

  private constructor(store: Store, source: string, limits: QueueLimits, listener: Listener) {
    this.#store = store
    this.#source = source
    this.#limits = limits
    this.#listener = listener
  }

  /** Opens the queue in a store. */
  static async open(store: Store, source: string, limits: QueueLimits, listener: Listener): Promise<Engine> {
    const engine = new Engine(store, source, limits, listener)
    await engine.#load()
    return engine
  }

  /** Writes something at least so often, for processes that wait to take over. */
  beat(time: number): void {
    this.#beats = setInterval(() => {
      if (!this.isUp || this.#underWay > 0 || performance.now() - this.#writtenAt < time) return
      this.#write(this.#journal.append([{ type: "task.alive" }]), () => {}, []).catch(() => {})
    }, time / 2)
  }

  get queue(): TaskQueue {
    return this.#queue
  }

  get journal(): Journal {
    return this.#journal
  }

  get isUp(): boolean {
    return this.#down === undefined && !this.#isClosed
  }

  /** How many writes are under way. */
  get underWay(): number {
    return this.#underWay
  }

  async #load(): Promise<void> {
    const queue = new TaskQueue(this.#limits)
    this.#journal = await Journal.open(this.#store, this.#source, (record, position) => queue.load(record, position))
    queue.settle(now())
    this.#queue = queue
    this.#schedule()
  }

  /**
   * Does something with the queue.
   *
   * @param work What it does. If it throws, it must have changed nothing. It returns what to do once its changes are on disk.
   * @throws what `work` throws; TaskError `STORE` while the store cannot be used.
   */
  act(work: (queue: TaskQueue, moment: Moment) => Then): void {
    if (!this.isUp)
      throw new TaskError("STORE", "The store of the queue has failed, and is opened again. Try again later")
    this.#thens.push(work(this.#queue, now()))
    this.#schedule()
  }

  /** Events that go to the store with the changes of this turn. */
  addEvents(events: readonly NewEvent[]): void {
    this.#events.push(...events)
  }

  /** Changes of one turn of the event loop share a write. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.isUp) this.#flush().catch(() => {})
    })
  }

  /** Writes what has changed; then tells it. */
  #flush(): Promise<void> {
    const moment = now()
    this.#queue.tick(moment)
    const granted = this.#queue.assign(moment).map(([seat, task]) => ({ seat, task, lease: task.lease }))
    const { records, ended, stops } = this.#queue.take()
    const [thens, events] = [this.#thens, this.#events]
    this.#thens = []
    this.#events = []
    this.#rearm(moment)
    const tell = () => {
      for (const then of thens) then()
      if (granted.length > 0) this.#listener.granted(granted)
      for (const stop of stops) this.#listener.stop(stop)
      if (ended.length > 0) this.#listener.ended(ended)
    }
    if (records.length === 0 && events.length === 0 && this.#underWay === 0) {
      tell()
      return Promise.resolve()
    }
    return this.#write(this.#journal.append(records, events), tell, thens)
  }

  async #write(written: Promise<void>, tell: () => void, thens: readonly Then[]): Promise<void> {
    this.#underWay++
    try {
      await written
    } catch (error) {
      this.#underWay--
      const reason = error as TaskError
      for (const then of thens) then(reason)
      this.#fail(reason)
      throw error
    }
    this.#underWay--
    this.#writtenAt = performance.now()
    tell()
    if (this.#cleaning === undefined && needsCleaning(this.#journal, this.#queue)) this.#clean()
  }

  #clean(): void {
    const queue = this.#queue
    const flush = async () => {
      // After a failure the copies are gone, and so must be the cleaner.
      if (!this.isUp || this.#queue !== queue) throw new TaskError("CLOSED", "The queue was opened again")
      await this.#flush()
    }
    this.#cleaning = clean(this.#journal, queue, flush)
      .catch((error) => {
        if (this.#queue === queue)
          this.#fail(error instanceof TaskError ? error : new TaskError("STORE", error.message))
      })
      .finally(() => {
        this.#cleaning = undefined
      })
  }

  #rearm(moment: Moment): void {
    const wait = this.#queue.idle(moment)
    const at = moment.steady + wait
    if (this.#timer !== undefined && at >= this.#wakesAt) return
    clearTimeout(this.#timer)
    this.#wakesAt = at
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#schedule()
    }, Math.ceil(wait))
  }

  /** Memory is ahead of the disk now: the queue is made again of what is on disk. */
  #fail(error: TaskError): void {
    if (this.#down !== undefined || this.#isClosed) return
    const thens = this.#thens
    this.#thens = []
    this.#events = []
    if (error.code === "TAKEN_OVER") {
      this.#isClosed = true
      this.#stopTimer()
      for (const then of thens) then(error)
      this.#listener.failed(error)
      return
    }
    this.#down = this.#recover(error).finally(() => {
      this.#down = undefined
    })
    for (const then of thens) then(error)
  }

  async #recover(error: TaskError): Promise<void> {
    this.#stopTimer()
    const last = this.#recovered
    if (last !== undefined && performance.now() - last.at < SHORTLY_MS) {
      const wait = Math.min(Math.max(RETRY_MS, last.took / READING), SHORTLY_MS)
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
    while (!this.#isClosed) {
      try {
        // To read everything again does not help while the store says that it cannot be written to.
        if (this.#store.stats().problem === undefined) {
          const began = performance.now()
          await this.#load()
          this.#recovered = { at: performance.now(), took: performance.now() - began }
          if (!this.#isClosed) this.#listener.recovered(error)
          return
        }
      } catch {
        // The store says why to whoever asks it; here it only counts that it is back.
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  #stopTimer(): void {
    if (this.#isClosed) clearInterval(this.#beats)
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#wakesAt = Number.POSITIVE_INFINITY
  }

  /** Resolves once all that was done is on disk, or has failed. */
  async settled(): Promise<void> {
    if (this.isUp) await this.#flush().catch(() => {})
  }

  /** Ends at once, and writes nothing any more: another process may serve the queue. */
  abandon(): void {
    this.#isClosed = true
    this.#stopTimer()
    this.#thens = []
    this.#events = []
  }

  /** Writes what has changed, and ends. The store stays open. */
  async close(): Promise<void> {
    await this.settled()
    this.#isClosed = true
    this.#stopTimer()
    await this.#down
    await this.#cleaning
  }
}
