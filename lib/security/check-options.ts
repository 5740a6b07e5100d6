// Checks of options. A misspelt name could silently weaken a check, so unknown names are errors. Errors never quote a string or an
// object, because it may be a key in the wrong place.

function kindOf(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined)
    return `${value}`
  if (Array.isArray(value)) return "an array"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

/** A TypeError that names the argument, what it must be, and the kind of value that came instead. */
export const unexpected = (name: string, wanted: string, value: unknown): TypeError =>
  new TypeError(`Expected ${name} to be ${wanted}, but received ${kindOf(value)}`)

/** Throws unless `options` is an object with no other names than these. `what` names it in the error. */
export function checkOptions<T extends object>(what: string, options: T, names: readonly string[]): T {
  const known = names.join(", ")
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw unexpected(what, `an object with any of ${known}`, options)
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new TypeError(`Unknown option ${JSON.stringify(name.slice(0, 40))} in ${what}. Known options: ${known}`)
    }
  }
  return options
}

export function checkPositive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw unexpected(name, "a whole number above 0", value)
  return value
}

export function checkDuration(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw unexpected(name, "a whole number of milliseconds from 0", value)
  return value
}

/** How long to wait for something. The limit is that of JavaScript's timers. */
export function checkTimeout(name: string, value: number): number {
  if (!(value > 0 && value < 2 ** 31))
    throw unexpected(name, "a number of milliseconds above 0 and below 2147483648", value)
  return value
}

export function checkBoolean(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw unexpected(name, "true or false", value)
  return value
}
