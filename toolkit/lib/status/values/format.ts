// Numbers, sizes and times as people read them.

const whole = new Intl.NumberFormat("en")

/** A count, such as `1,204`. */
export const count = (value: number): string => whole.format(value)

/** A rate, such as `12.5/s`. */
export const rate = (value: number): string => `${value >= 100 ? whole.format(Math.round(value)) : trimmed(value)}/s`

const trimmed = (value: number): string => value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "")

/** A size, such as `1.5 MiB`. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"]
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), units.length - 1)
  return `${trimmed(value / 2 ** (10 * power))} ${units[power]}`
}

const seconds = { day: 86_400, hour: 3600, minute: 60 }

/** A duration, such as `2 h 5 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return milliseconds < 1 ? "0 s" : `${trimmed(milliseconds)} ms`
  const total = Math.floor(milliseconds / 1000)
  const days = Math.floor(total / seconds.day)
  const hours = Math.floor((total % seconds.day) / seconds.hour)
  const minutes = Math.floor((total % seconds.hour) / seconds.minute)
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`
  return minutes > 0 ? `${minutes} min` : `${total} s`
}

/** A time in UTC, such as `2026-11-29 09:58:12 UTC`. */
export const time = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`

/** A noun with its count. */
export const plural = (value: number, one: string, more = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : more}`
