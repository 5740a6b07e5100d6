// Checks of options. A misspelt one would weaken a check or leave a door open in silence, so unknown names are refused. No value is
// ever shown, since it may be a key in the wrong place.

/** Throws unless options are an object with none but these. `what` is how they are called. */
export function checkOptions<T extends object>(what: string, options: T, names: readonly string[]): T {
  const there = `There are: ${names.join(", ")}`
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`Expected ${what} to be an object. ${there}`)
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new TypeError(`Unknown ${JSON.stringify(name.slice(0, 40))} in ${what}. ${there}`)
  }
  return options
}

export function checkPositive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`Expected ${name} to be a whole number above 0`)
  return value
}

export function checkDuration(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`Expected ${name} to be whole milliseconds`)
  return value
}

/** How long to wait for something: what a timer of JavaScript can run. */
export function checkTimeout(name: string, value: number): number {
  if (!(value > 0 && value < 2 ** 31)) throw new TypeError(`Expected ${name} to be a number of milliseconds above 0`)
  return value
}

export function checkBoolean(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw new TypeError(`Expected ${name} to be true or false`)
  return value
}
