// Sizes and durations as people write them.

import { z } from "zod"
import { textShapes } from "./shapes.js"

const sizeUnits: Record<string, number> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}
const timeUnits: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 }

function parse(text: string, units: Record<string, number>): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([A-Za-z]+)$/.exec(text)
  const unit = match?.[2] !== undefined && Object.hasOwn(units, match[2]) ? units[match[2]] : undefined
  if (match === null || unit === undefined) return undefined
  const value = Math.round(Number(match[1]) * unit)
  return Number.isSafeInteger(value) ? value : undefined
}

function unit(what: string, example: string, units: Record<string, number>) {
  const expected = `Expected a ${what} with a unit, such as "${example}". The units are ${Object.keys(units).join(", ")}`
  const pattern = new RegExp(`^\\d{1,15}(\\.\\d{1,6})? ?(${Object.keys(units).join("|")})$`)
  const text = z.string({ error: expected }).regex(pattern, expected).register(textShapes, { name: what })
  return text.transform((text, context) => {
    const value = parse(text, units)
    if (value !== undefined) return value
    context.addIssue({ code: "custom", message: expected })
    return z.NEVER
  })
}

/** A size such as `1GiB`, in bytes. */
export const size = () => unit("size", "64MiB", sizeUnits)

/** A duration such as `7d`, in milliseconds. */
export const duration = () => unit("duration", "30s", timeUnits)

/** A duration that a timer of Node can wait. A longer one would not be waited for at all. */
export const timerDuration = () =>
  duration().refine((milliseconds) => milliseconds <= 24 * 86_400e3, "Expected at most 24d: no timer waits longer")

/** A duration as people write it, in the largest unit without a remainder: 90,000 ms are `90s`. */
export function durationText(milliseconds: number): string {
  const [name, unit] = Object.entries(timeUnits).findLast(([, unit]) => milliseconds % unit === 0) ?? ["ms", 1]
  return milliseconds === 0 ? "0ms" : `${milliseconds / unit}${name}`
}
