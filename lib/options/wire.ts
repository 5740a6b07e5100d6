// How the addon reads and writes the values of options.

import { WireType } from "../native/numbers.js"
import type { Wire } from "./table/entry.js"

/** The addon's type for each wire type of the option table. */
export const wireTypes: Record<Wire, WireType> = {
  bool: WireType.Bool,
  int32: WireType.Int32,
  uint32: WireType.Uint32,
  int64: WireType.Int64,
  uint64: WireType.Uint64,
  string: WireType.String,
  text: WireType.Bytes,
  bytes: WireType.Bytes,
  curveKey: WireType.CurveKey,
  flags: WireType.Int32,
  properties: WireType.String,
}
