/**
 * What this copy of ohmq consists of. It loads the addon, but none of the sockets.
 *
 * @module ohmq/installation
 */

import { makeReplaceable } from "./base/exports.js"
import { addon, constant } from "./native/addon.js"
import { loadedFile } from "./native/loader.js"
import { WireType } from "./native/numbers.js"

/** What a copy of ohmq consists of. */
export interface Installation {
  /** The file of the native addon that was loaded. */
  readonly addon: string
  /** The version of the linked libzmq, such as "4.3.5". */
  readonly libzmq: string
  /** The version of the linked libsodium, such as "1.0.22"; null with an installed libzmq, which does not tell. */
  readonly libsodium: string | null
  /** What the linked libzmq was built with: `capability` of ohmq. */
  readonly capabilities: Readonly<Record<string, boolean>>
  /** The names of the patches in the linked libzmq. */
  readonly patches: readonly string[]
  /** How many I/O threads a context has by default. */
  readonly ioThreads: number
  /** How many sockets a context can have by default. */
  readonly maxSockets: number
  /** The largest possible value of `maxSockets`. */
  readonly maxSocketsLimit: number
}

/** What this copy of ohmq consists of, for reports of bugs. Faster than loading all of ohmq. */
export function installation(): Installation {
  const { capability, libsodium, version } = addon
  const context = new addon.NativeContext(false)
  const option = (name: string) => context.getOption(constant(name), WireType.Int32) as number
  return {
    addon: loadedFile(),
    libzmq: version,
    libsodium,
    capabilities: { ...capability },
    patches: capability.patches,
    ioThreads: option("ZMQ_IO_THREADS"),
    maxSockets: option("ZMQ_MAX_SOCKETS"),
    maxSocketsLimit: option("ZMQ_SOCKET_LIMIT"),
  }
}

makeReplaceable(exports)
