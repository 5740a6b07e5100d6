// Paths into the data of events: `data.repository.name`, `data.commits.*.author`, `data.items.0`, `data."odd.name"`.

/** A member's name or an element's index, or any of them. */
export type Segment = string | typeof any
export const any = Symbol("*")

/** A path into data. */
export interface DataPath {
  readonly text: string
  /** Those behind `data`. Empty for all of the data. */
  readonly segments: readonly Segment[]
}

const expected =
  'Expected a path into the data, such as data.user.name or data.items.*.id. Quote names with other characters: data."odd name"'

const part = /\.(?:([A-Za-z0-9_@$-]+)|(\*)|("(?:[^"\\]|\\.)*"))/y

/** @throws Error if the text is not a path */
export function parseDataPath(text: string): DataPath {
  if (!text.startsWith("data")) throw new Error(expected)
  const segments: Segment[] = []
  part.lastIndex = "data".length
  for (let end = part.lastIndex; end < text.length; end = part.lastIndex) {
    const [, plain, star, quoted] = part.exec(text) ?? []
    if (quoted !== undefined) segments.push(unquote(quoted))
    else if (star !== undefined) segments.push(any)
    else if (plain !== undefined) segments.push(plain)
    else throw new Error(expected)
  }
  return { text, segments }
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw new Error(expected)
  }
}
