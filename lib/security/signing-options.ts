// Checks of options. A misspelt one would weaken a check in silence, so unknown names are refused. No value is ever shown, since
// it may be a key in the wrong place.

export function checkOptions<T extends object>(what: string, options: T, names: readonly string[]): T {
  if (typeof options !== "object" || options === null) throw new TypeError(`Expected the options of ${what}`)
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new TypeError(`A ${what} has no option ${JSON.stringify(name.slice(0, 40))}`)
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

export function checkBoolean(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw new TypeError(`Expected ${name} to be true or false`)
  return value
}
