// The events that all contenders carry: CloudEvents of the same size, each with an id of its own.

import { createEvent, encode } from "ohmq-toolkit/events"

const event = (id, data) => encode(createEvent({ id, source: "/bench", type: "log.recorded", data }))

/** Returns a function that makes the frames of the next event. Together they have about `size` bytes. */
export function events(size) {
  const empty = event("100000000", "").reduce((sum, frame) => sum + frame.length, 0)
  const data = "x".repeat(Math.max(size - empty, 0))
  let count = 100_000_000
  return () => event(String(++count), data)
}
