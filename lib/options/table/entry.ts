// The form of an entry in the option tables.

import type { SocketName } from "../../base/socket-types.js"

/**
 * How JavaScript and libzmq represent the value:
 *
 * - `bool`, `int32`, `uint32`, `int64`, `uint64`: the types of these names;
 * - `string`: a string, or `null` for none; can also be set to bytes;
 * - `text`: like `string`, for values that libzmq keeps as plain bytes (routing ids);
 * - `bytes`: a Buffer, or `null` for none; can also be set to a string;
 * - `curveKey`: a CURVE key as 40 characters of Z85, or `null` for none; can also be set to 32 bytes;
 * - `flags`: an array of names, each for one bit;
 * - `properties`: an object of names and values, each passed to libzmq on its own.
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

/** One option. By default it is readable and writable, every socket has it, and so has every libzmq. */
export interface Option {
  /** The name in zmq.h. */
  readonly zmq: string
  readonly wire: Wire
  /** The classes that have it. Default: every socket. */
  readonly on?: readonly SocketName[]
  /** `read`: read-only. `write`: libzmq cannot return it, so it reads as the value that was set last, or `initial`. */
  readonly access?: "read" | "write"
  readonly initial?: unknown
  /** Names of the values 0, 1, 2, …. */
  readonly values?: readonly (string | null)[]
  /** With `flags`: the name of each bit, and its name in zmq.h. */
  readonly flags?: Readonly<Record<string, string>>
  /** May be set after the socket has bound or connected. Setting any other option then causes a warning. */
  readonly anytime?: true
  /** If this option is set, no message may be fetched in advance. */
  readonly stopsPrefetch?: true
  /** The libzmq version that introduced it, if later than 4.3.2. */
  readonly since?: string
  /** The patch in native/patches/libzmq/ that adds it. */
  readonly patch?: string
  /** The capability with which libzmq must have been built. */
  readonly needs?: "curve" | "gssapi" | "vmci" | "norm" | "WSS" | "draft"
}
