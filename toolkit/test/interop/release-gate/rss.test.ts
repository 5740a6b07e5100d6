import { expect, it } from "vitest"
import { type MemorySample, memoryOf } from "./rss.js"

/** Ten starts, a minute apart. Each grows from 80 MiB to 100 in 20 s; later ones have more. */
const starts = (later: number, alive = 60): MemorySample[] =>
  Array.from({ length: 10 }, (_, start) =>
    Array.from({ length: alive }, (_, age) => ({
      hours: (start * alive + age) / 3600,
      age,
      rss: 80 + Math.min(age, 20) + start * later,
    })),
  ).flat()

it("The memory of a process is flat if each start has as much as the one before, however it grows after a start", () => {
  expect(memoryOf("hub", starts(0))).toMatchObject({ median: 100, most: 100 })
  expect(memoryOf("hub", starts(0)).problem).toBeUndefined()
  expect(Math.abs(memoryOf("hub", starts(0)).growth)).toBeLessThan(1)
})

it("The memory of a process is not flat if starts have more and more", () => {
  expect(memoryOf("hub", starts(4)).growth).toBeGreaterThan(35)
  expect(memoryOf("hub", starts(4)).problem).toMatch(/^The memory of hub has grown by 3\d MiB$/)
  // For too short a time.
  expect(memoryOf("hub", starts(4, 10)).problem).toBeUndefined()
})

it("The memory of a process is not flat if it has much more at some time, at whatever age", () => {
  const last: MemorySample = { hours: 0.17, age: 400, rss: 160 }
  expect(memoryOf("hub", [...starts(0), last]).problem).toBe("hub had 160 MiB, but mostly 100 MiB")
})

it("The memory of a process that was started once is flat if it does not grow while it lives", () => {
  const once = (anHour: number): MemorySample[] =>
    Array.from({ length: 600 }, (_, age) => ({ hours: age / 3600, age, rss: 80 + (anHour * age) / 3600 }))
  expect(memoryOf("old-host", once(60)).problem).toBeUndefined()
  expect(memoryOf("old-host", once(300)).problem).toBe("The memory of old-host has grown by 49 MiB")
})
