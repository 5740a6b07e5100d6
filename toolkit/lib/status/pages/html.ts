// HTML out of templates. Whatever is put into a template is text, unless it is HTML itself.

/** HTML that was made by a template. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** Text as HTML, in an element or in a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "")

type Part = Html | string | number | undefined | false | readonly Part[]

function partText(part: Part): string {
  if (part instanceof Html) return part.text
  if (part === undefined || part === false) return ""
  return Array.isArray(part) ? part.map(partText).join("") : escapeHtml(String(part))
}

/** A template of HTML. `undefined` and `false` are left out, lists are joined. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.reduce((text, string, index) => text + partText(parts[index - 1]) + string))
