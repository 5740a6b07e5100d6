// What callers pass, checked at the border.

import { isUint8Array } from "node:util/types"
import { MAX_RECORD } from "./log/record.js"
import type { AppendOptions, NewEvent } from "./store.js"

const policies = ["refuse", "wait", "drop-oldest"]
const MAX_FRAMES = 0xffff

/** Checks events and options of an append. */
export function checkEvents(events: readonly NewEvent[], { whenFull, stream, sequence }: AppendOptions): void {
  if (!Array.isArray(events)) throw new TypeError(`Expected an array of events but received ${typeof events}`)
  for (let i = 0; i < events.length; i++) {
    const { frames, sender, time } = events[i] as NewEvent
    if (!Array.isArray(frames) || frames.length > MAX_FRAMES) {
      throw new TypeError(`Expected an array of at most ${MAX_FRAMES} frames for event ${i}`)
    }
    let bytes = 0
    for (const frame of frames) {
      if (!isUint8Array(frame))
        throw new TypeError(`Expected frames of event ${i} to be Uint8Arrays but received ${typeof frame}`)
      bytes += frame.byteLength
    }
    if (bytes > MAX_RECORD / 2) throw new RangeError(`Event ${i} has ${bytes} bytes; the limit is ${MAX_RECORD / 2}`)
    if (sender !== undefined && typeof sender !== "string")
      throw new TypeError(`Expected the sender of event ${i} to be a string`)
    if (time !== undefined && !Number.isFinite(time))
      throw new TypeError(`Expected the time of event ${i} to be a number`)
  }
  if (whenFull !== undefined && !policies.includes(whenFull)) {
    throw new TypeError(`Expected whenFull to be one of ${policies.join(", ")} but received ${String(whenFull)}`)
  }
  if ((stream === undefined) !== (sequence === undefined))
    throw new TypeError("Pass both stream and sequence, or neither")
  if (sequence !== undefined && (!Number.isSafeInteger(sequence) || sequence < 1)) {
    throw new RangeError(`Expected a sequence of 1 or more but received ${sequence}`)
  }
}
