// The vectors of docs/wire.md.

import { readFileSync } from "node:fs"

type Piece = string | { hex: string } | { repeat: string; times: number }

/** A case of docs/wire-vectors.json; docs/wire.md says what the fields mean. */
export interface Vector {
  name: string
  frames: (Piece | Piece[])[]
  event?: Record<string, unknown> | null
  error?: string
  dataBytes?: Piece
  claimedSender?: unknown
  kept?: Piece[]
}

export const vectors = JSON.parse(
  readFileSync(new URL("../../docs/wire-vectors.json", import.meta.url), "utf8"),
) as Vector[]

/** The bytes of a frame. */
export function bytesOf(frame: Piece | Piece[]): Buffer {
  if (Array.isArray(frame)) return Buffer.concat(frame.map(bytesOf))
  if (typeof frame === "string") return Buffer.from(frame)
  return "hex" in frame ? Buffer.from(frame.hex, "hex") : Buffer.from(frame.repeat.repeat(frame.times))
}

/** The event of a vector, its data as bytes if they are written in hexadecimal. */
export function eventOf({ event }: Vector): Record<string, unknown> | undefined {
  const { data, ...attributes } = event ?? {}
  if (!event || data === undefined) return event ?? undefined
  const bytes = typeof data === "object" && data !== null && "hex" in data
  return { ...attributes, data: bytes ? bytesOf(data as Piece) : data }
}
