// Elements whose text changes while a page is open.

import { type Html, html } from "./html.js"

/** Makes the elements for some values. */
export class Live {
  readonly #values: Readonly<Record<string, string>>

  constructor(values: Readonly<Record<string, string>>) {
    this.#values = values
  }

  /** The value itself, for an element that has the key already. */
  value(key: string): string | undefined {
    return this.#values[key]
  }

  /** The value in HTML. */
  text(key: string): Html {
    return html`<span data-live="${key}">${this.#values[key]}</span>`
  }

  /** The value in SVG. */
  svg(key: string): Html {
    return html`<tspan data-live="${key}">${this.#values[key]}</tspan>`
  }

  /** An attribute of an element that has no other one like this. */
  attribute(name: "d" | "data-level" | "data-tone" | "href", key: string): Html {
    return html` ${name}="${this.#values[key]}" data-live-set="${name} ${key}"`
  }

  /** The attributes of an element whose colour follows a value. */
  tone(key: string): Html {
    return this.attribute("data-tone", key)
  }
}
