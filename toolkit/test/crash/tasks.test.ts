// The queue and its workers, killed with SIGKILL at random, over a network that is cut and delayed.

import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { decode } from "ohmq-toolkit/events"
import { TaskClient, type TaskInit } from "ohmq-toolkit/tasks"
import { describe, expect, it } from "vitest"
import { type End, random, startEnd } from "../link/ends.js"
import { proxied } from "../link/support.js"
import { all, opened, temporaryFolder } from "../tasks/support.js"

const kills = Number(process.env.OHMQ_KILLS ?? 12)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
const program = new URL("../tasks/programs/end.mjs", import.meta.url)
const workers = 3

/** What a worker has noted. */
interface Line {
  what: "start" | "end" | "fail" | "abort"
  id: string
  lease: number
  key?: string
  at: number
}

/** An event of the queue. */
interface Ended {
  position: number
  type: string
  data: { id: string; seq: number; key?: string; lease?: number; ended: number; result?: { lease: number } }
}

const lastOf = (file: string): Line[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
    : []

function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(nameOf(item), [...(groups.get(nameOf(item)) ?? []), item])
  return groups
}

describe("a queue and workers that are killed", () => {
  it(`end every task once, in the order of its key (${kills} kills, seed ${seed})`, {
    timeout: 60_000 + 3_000 * kills,
  }, async () => {
    console.log(`OHMQ_SEED=${seed} OHMQ_KILLS=${kills}`)
    const next = random(seed)
    const pause = (most: number) => new Promise((resolve) => setTimeout(resolve, next() * most))
    const folder = temporaryFolder()
    const store = join(folder, "store")
    const file = join(folder, "log")
    const counts = { queue: 0, worker: 0, cut: 0, down: 0, delay: 0 }
    let port = 0
    const proxy = await proxied(() => port)
    const startQueue = async (): Promise<End> => {
      const end = startEnd(["serve", store, "tcp://127.0.0.1:*"], [], program)
      port = Number((await end.line("serves")).split(":").at(-1))
      return end
    }
    let name = 0
    const startWorker = () => startEnd(["work", proxy.endpoint, `w${++name}`, file], [], program)
    let queue = await startQueue()
    const working = Array.from({ length: workers }, startWorker)

    // What is submitted and cancelled goes on all the time.
    // On a busy machine a queue is hardly up when it is killed again: requests wait for one that lives longer.
    const client = new TaskClient({ connect: proxy.endpoint, timeout: 600_000, heartbeat: 300 })
    const acknowledged = new Set<string>()
    const cancelled = new Map<string, number>()
    let isOver = false
    let number = 0
    const submitting = (async () => {
      while (!isOver) {
        const tasks = Array.from({ length: 1 + Math.floor(next() * 10) }, (): TaskInit => {
          const isDoomed = next() < 0.05
          return {
            id: `t${++number}`,
            input: { time: Math.floor(next() * 30), fails: isDoomed ? 99 : next() < 0.2 ? 1 : 0 },
            attempts: isDoomed ? 2 : 1000,
            backoff: 50,
            ...(next() < 0.3 && { key: `k${Math.floor(next() * 4)}` }),
          }
        })
        for (const { id, status } of await client.submit(tasks)) {
          expect(["stored", "duplicate"]).toContain(status)
          acknowledged.add(id)
        }
        if (next() < 0.5) {
          const id = `t${1 + Math.floor(next() * number)}`
          if (acknowledged.has(id)) {
            const { cancelled: count } = await client.cancel({ ids: [id] })
            if (count === 1) cancelled.set(id, Date.now())
          }
        }
        // Not more than is done meanwhile.
        if ((await client.counts()).ready > 100) await pause(100)
      }
    })()
    // It is awaited at the end.
    submitting.catch(() => {})

    for (let kill = 0; kill < kills; ) {
      await pause(250)
      const choice = next()
      if (choice < 0.4) {
        kill++
        counts.queue++
        await queue.kill()
        await pause(150)
        queue = await startQueue()
      } else if (choice < 0.75) {
        kill++
        counts.worker++
        const index = Math.floor(next() * workers)
        await working[index]?.kill()
        working[index] = startWorker()
      } else if (choice < 0.87) {
        counts.cut++
        proxy.cut()
      } else if (choice < 0.93) {
        counts.down++
        proxy.isDown = true
        await pause(1500)
        proxy.isDown = false
      } else {
        counts.delay++
        proxy.delay = next() < 0.5 ? 0 : next() * 40
      }
    }
    proxy.delay = 0
    isOver = true
    await submitting
    await client.wait()
    const listed = await all(client.results())
    client.close()
    for (const one of working) await one.kill()
    await queue.kill()

    // What was acknowledged is there, and has ended.
    const known = new Map(listed.map((task) => [task.id, task]))
    expect([...acknowledged].filter((id) => !known.has(id))).toEqual([])
    expect(listed.length).toBe(number)
    // The store has one end for each.
    const target = await opened(store)
    await target.addCursor("test")
    const ends = new Map<string, Ended[]>()
    for await (const entries of target.read("test", { from: 1, follow: false }))
      for (const { frames, position } of entries) {
        const { type, data } = decode(frames) as unknown as Ended
        if (!/^task\.(finished|failed|expired|cancelled)$/.test(type)) continue
        ends.set(data.id, [...(ends.get(data.id) ?? []), { position, type, data }])
      }
    expect([...ends].filter(([, all]) => all.length !== 1)).toEqual([])
    expect(ends.size).toBe(number)

    const lines = lastOf(file)
    const did = new Set(lines.filter(({ what }) => what === "end").map(({ id, lease }) => `${id} ${lease}`))
    for (const [id, [end]] of ends) {
      const task = known.get(id)
      expect(end?.type, id).toBe(`task.${task?.state}`)
      if (task?.state !== "finished") continue
      // The result is that of the last lease, and of no one else.
      expect((task.result as { lease: number }).lease, id).toBe(task.lease)
      expect(did.has(`${id} ${task.lease}`), `${id} was done with lease ${task.lease}`).toBe(true)
    }
    // Nothing starts once a cancel was acknowledged.
    for (const { id, at, what } of lines) {
      const time = cancelled.get(id)
      if (time !== undefined) expect(at, `${what} of ${id}, which was cancelled`).toBeLessThanOrEqual(time)
    }
    // Each task of a key ends before the next one starts.
    const starts = groupBy(
      lines.filter(({ what }) => what === "start"),
      ({ id }) => id,
    )
    for (const key of ["k0", "k1", "k2", "k3"]) {
      const mine = [...ends.values()]
        .map(([end]) => end as Ended)
        .filter(({ data }) => data.key === key && starts.has(data.id))
        .sort((one, other) => one.data.seq - other.data.seq)
      for (const [index, { data }] of mine.entries()) {
        const after = mine[index + 1]
        if (!after) continue
        for (const { at } of starts.get(after.data.id) ?? [])
          expect(at, `${after.data.id} starts after ${data.id} has ended`).toBeGreaterThanOrEqual(data.ended)
      }
    }
    const states = [...groupBy(listed, ({ state }) => state)].map(([state, all]) => [state, all.length])
    const twice = lines.filter(({ what }) => what === "start").length - number
    console.log(
      `${number} tasks, ${JSON.stringify(Object.fromEntries(states))}; ${twice} more starts; ${JSON.stringify(counts)}`,
    )
  })
})
