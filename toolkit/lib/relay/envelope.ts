// What stands before a message at a ROUTER, and goes before its answer.

import type { Buffer } from "node:buffer"

/** The length of the number that a REQ socket with ZMQ_REQ_CORRELATE gives to each request. */
const requestIdLength = 4

/**
 * Divides the parts of a message at a ROUTER. Its envelope is the routing id; from a REQ socket also an empty frame, and the number of the
 * request before that if the socket correlates (`src/req.cpp` of libzmq). No message of the toolkit has an empty second frame, so that none
 * of a DEALER is mistaken for one with a number.
 */
export function envelopeOf(parts: Buffer[]): { envelope: Buffer[]; frames: Buffer[] } {
  let length = 1
  if (parts[1]?.length === 0) length = 2
  else if (parts.length > 3 && parts[1]?.length === requestIdLength && parts[2]?.length === 0) length = 3
  return { envelope: parts.slice(0, length), frames: parts.slice(length) }
}
