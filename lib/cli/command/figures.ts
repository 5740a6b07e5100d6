// Numbers for people.

/** A whole number with its thousands apart: "1,234,567". */
export const figure = (number: number) =>
  Math.round(number)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",")

/** "1 message", "2,000 messages". */
export const plural = (number: number, noun: string) => `${figure(number)} ${noun}${number === 1 ? "" : "s"}`

const units = ["B", "kB", "MB", "GB"] as const

/** A size for people, such as "1.2 MB". */
export function readable(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`
}
