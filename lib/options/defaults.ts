// The options of a new socket that differ from libzmq's defaults.

import type { SocketType } from "../base/socket-types.js"
import { addon, constant, type NativeSocket } from "../native/addon.js"
import { wireTypes } from "./wire.js"

/**
 * How many bytes libzmq reads from and writes to a connection at a time. With its default of 8,192, every eight messages of 1,000 bytes
 * need a system call (docs/performance.md has figures). A larger size than this would double the memory that a message keeps if it
 * arrives alone.
 */
const BATCH_SIZE = 32_768

/** Call it before the program's own options are set. */
export function setDefaults(socket: NativeSocket, type: SocketType): void {
  if (type.subscribes) socket.setOption(constant("ZMQ_SNDHWM"), wireTypes.int32, 0)
  if (type.unframed) return
  for (const name of ["ZMQ_IN_BATCH_SIZE", "ZMQ_OUT_BATCH_SIZE"]) {
    // A libzmq without draft options does not have these.
    const number = addon.constants[name]
    if (number !== undefined) socket.setOption(number, wireTypes.int32, BATCH_SIZE)
  }
}
