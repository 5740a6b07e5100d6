import type { AppendOptions, NewEvent } from "ohmq-toolkit/store"
import { expect, it } from "vitest"
import { opened } from "./support.js"

const event: NewEvent = { frames: [Buffer.from("a")] }

const wrong: [what: string, events: unknown, options: unknown, message: string][] = [
  ["no list", event, {}, "Expected an array of events but received object"],
  ["no frames", [event, {}], {}, "Expected an array of at most 65535 frames for event 1"],
  ["too many frames", [{ frames: Array(65_536).fill(Buffer.from("")) }], {}, "at most 65535 frames for event 0"],
  ["text as a frame", [{ frames: ["a"] }], {}, "Expected frames of event 0 to be Uint8Arrays but received string"],
  ["a sender that is not text", [{ ...event, sender: 7 }], {}, "Expected the sender of event 0 to be a string"],
  ["a time that is not a number", [{ ...event, time: "now" }], {}, "Expected the time of event 0 to be a number"],
  [
    "another policy",
    [event],
    { whenFull: "drop" },
    "Expected whenFull to be one of refuse, wait, drop-oldest but received drop",
  ],
  ["a stream without sequence", [event], { stream: "s" }, "Pass both stream and sequence, or neither"],
  ["a sequence without stream", [event], { sequence: 1 }, "Pass both stream and sequence, or neither"],
  ["sequence 0", [event], { stream: "s", sequence: 0 }, "Expected a sequence of 1 or more but received 0"],
]

it.each(wrong)("append refuses %s, and stores nothing", async (_, events, options, message) => {
  const store = await opened()
  await expect(store.append(events as NewEvent[], options as AppendOptions)).rejects.toThrow(message)
  expect(store.stats().last).toBe(0)
  expect(await store.append([event])).toBe(1)
})

it("append refuses an event beyond 512 MiB", async () => {
  const store = await opened()
  const frame = Buffer.alloc(2 ** 28)
  await expect(store.append([{ frames: [frame, frame, frame] }])).rejects.toThrow(
    /^Event 0 has 805306368 bytes; the limit is/,
  )
})
