// Numbers for people.

/** A whole number with its thousands apart: "1,234,567". */
export const figure = (number: number) =>
  Math.round(number)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",")

/** "1 message", "2,000 messages". */
export const plural = (number: number, noun: string) => `${figure(number)} ${noun}${number === 1 ? "" : "s"}`
