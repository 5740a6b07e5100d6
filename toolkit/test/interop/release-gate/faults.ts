// What goes wrong: each target fails again and again, at times that follow from the seed.

import { setTimeout as wait } from "node:timers/promises"
import { random } from "../../link/ends.js"
import type { SmallDisk } from "../../relay/small-disk.js"
import type { Endpoint } from "../endpoints.js"
import type { Service } from "./service.js"

/** Begins a fault. Resolves to what it is called, and to what ends it. */
type Begin = (next: () => number) => Promise<[what: string, end: () => Promise<unknown>]>

export interface Target {
  name: string
  begin: Begin
}

/** A process that is killed with SIGKILL, or stands still. */
export const processTarget = (service: Service, { mayBeKilled = true } = {}): Target => ({
  name: service.name,
  begin: async (next) => {
    if (mayBeKilled && next() < 0.75) {
      await service.kill()
      return ["kill -9", () => service.start()]
    }
    service.pause()
    return ["stands still", async () => service.resume()]
  },
})

interface Network {
  cut(): void
  isDown: boolean
  delay: number
}

/** A network whose connections break, which is down, or which is slow. */
export const networkTarget = (name: string, network: Network): Target => ({
  name,
  begin: async (next) => {
    const choice = next()
    if (choice < 0.3) {
      network.cut()
      return ["connections cut", async () => {}]
    }
    if (choice < 0.7) {
      network.isDown = true
      return [
        "network down",
        async () => {
          network.isDown = false
        },
      ]
    }
    network.delay = 20 + next() * 200
    return [
      "network slow",
      async () => {
        network.delay = 0
      },
    ]
  },
})

export const diskTarget = (name: string, disk: SmallDisk): Target => ({
  name,
  begin: async () => ["disk full", await disk.fill()],
})

/** A server that a sink delivers to. */
export const serverTarget = (name: string, endpoint: Endpoint): Target => ({
  name,
  begin: async (next) => ["server away, slow or failing", await endpoint.fail(next())],
})

/** What was done to which target, and how often. */
export type Counts = Record<string, Record<string, number>>

/** Lets all targets fail, each on its own, until it is over; then nothing fails any more. */
export async function failAll(
  targets: readonly Target[],
  { seed, gapMs, downMs, signal }: { seed: number; gapMs: number; downMs: number; signal: AbortSignal },
): Promise<Counts> {
  const counts: Counts = Object.fromEntries(targets.map(({ name }) => [name, {}]))
  const one = async ({ name, begin }: Target, index: number) => {
    const next = random(seed * 1000 + index)
    for (;;) {
      await wait(next() * 2 * gapMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      const [what, end] = await begin(next)
      const own = counts[name] as Record<string, number>
      own[what] = (own[what] ?? 0) + 1
      await wait(next() * 2 * downMs, undefined, { signal }).catch(() => {})
      await end()
    }
  }
  await Promise.all(targets.map(one))
  return counts
}
