// The arguments of a command: fixed text with places for values.

import type { Value } from "./parameter.js"

/** `{name}` is a place. `{{name}}` is the text `{name}`. Braces around anything else are text. */
const place = /\{\{([A-Za-z][\w-]*)\}\}|\{([A-Za-z][\w-]*)\}/g

/** An argument with places for values. */
export class Template {
  readonly text: string
  /** The names of its places. */
  readonly names: readonly string[]

  constructor(text: string) {
    this.text = text
    this.names = [...text.matchAll(place)].flatMap(([, , name]) => (name === undefined ? [] : [name]))
  }

  /**
   * The argument. Values are put in once: what looks like a place in a value stays text.
   *
   * @throws Error if a value is missing, or would turn the argument into an option
   */
  fill(values: Readonly<Record<string, Value>>): string {
    const filled = this.text.replace(place, (_, literal?: string, name?: string) => {
      if (name === undefined) return `{${literal}}`
      // The action may have other parameters now than when this was decided.
      if (!Object.hasOwn(values, name)) throw new Error(`The parameter ${name} has no value`)
      return String(values[name])
    })
    if (filled.includes("\0")) throw new Error("An argument cannot have the character NUL")
    if (filled.startsWith("-") && !this.text.startsWith("-"))
      throw new Error(`The argument ${JSON.stringify(this.text)} would begin with "-", and be read as an option`)
    return filled
  }
}
