// A misspelt option must not leave a door open.

/** Throws unless options are an object with none but these. */
export function checkOptions(what: string, options: unknown, ...known: string[]): void {
  const there = `There are: ${known.join(", ")}`
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`Expected ${what} to be an object. ${there}`)
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`Unknown option '${name}' of ${what}. ${there}`)
  }
}
