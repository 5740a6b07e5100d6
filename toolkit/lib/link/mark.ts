// A mark tells whether an entry is the one that a receiver has stored under its sequence.

import type { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import type { Entry } from "../store/index.js"
import { MARK_BYTES } from "./protocol.js"

/** 16 bytes of the SHA-256 of an entry: where and when it was stored, and its bytes. Two histories of a store differ in it. */
export function markOf({ position, time, frames, gap }: Entry): Buffer {
  const hash = createHash("sha256").update(`${position} ${time} ${gap ? JSON.stringify(gap) : ""}`)
  for (const frame of frames) hash.update(` ${frame.byteLength} `).update(frame)
  return hash.digest().subarray(0, MARK_BYTES)
}
