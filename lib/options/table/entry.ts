// What an entry of the option tables says.

import type { SocketName } from "../../base/socket-types.js"

/**
 * How JavaScript and libzmq write the value down:
 *
 * - `bool`, `int32`, `uint32`, `int64`, `uint64`: as they say;
 * - `string`: text, `null` for none; also set from bytes;
 * - `text`: like `string`, for values that libzmq keeps as plain bytes (routing ids);
 * - `bytes`: a Buffer, `null` for none; also set from text;
 * - `curveKey`: a CURVE key as 40 characters of Z85, `null` for none; also set from 32 bytes;
 * - `flags`: an array of names, each of which stands for one bit;
 * - `properties`: a record of names and values, each passed to libzmq on its own.
 */
export type Wire =
  | "bool"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "string"
  | "text"
  | "bytes"
  | "curveKey"
  | "flags"
  | "properties"

/** One option. What is left out: readable and writable, on every socket, there in every libzmq. */
export interface Option {
  /** The name in zmq.h. */
  readonly zmq: string
  readonly wire: Wire
  /** The classes that have it; every socket where it is left out. */
  readonly on?: readonly SocketName[]
  /** `read`: cannot be set. `write`: libzmq cannot tell it, so it reads as what was set last, `initial` before that. */
  readonly access?: "read" | "write"
  readonly initial?: unknown
  /** Names for the values 0, 1, 2, …. */
  readonly values?: readonly (string | null)[]
  /** With `flags`: a name for each bit, and the name of the bit in zmq.h. */
  readonly flags?: Readonly<Record<string, string>>
  /** May change on a connected or bound socket; any other option warns there that it comes late. */
  readonly anytime?: true
  /** With this set, the next message must not be fetched before it is asked for. */
  readonly stopsPrefetch?: true
  /** The libzmq version it came with, if later than 4.3.2. */
  readonly since?: string
  /** The patch in native/patches/libzmq/ that it comes with. */
  readonly patch?: string
  /** The capability that libzmq must have been built with. */
  readonly needs?: "curve" | "gssapi" | "vmci" | "norm" | "WSS" | "draft"
}
