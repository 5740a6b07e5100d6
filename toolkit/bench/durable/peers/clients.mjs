// The clients of the other servers. They are installed once, for both benchmarks: see bench/README.md at the root.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"

const home = new URL("../../../../bench/peers/", import.meta.url)

export const client = createRequire(new URL("package.json", home))

/** The name and version of a client. Not all of them export their package.json. */
export function clientVersion(name) {
  const { version } = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, home), "utf8"))
  return `${name} ${version}`
}

/** Calls `flush(items)` when `most` items have come, or `ms` after the first of them. */
export function gather(most, ms, flush) {
  let items = []
  let timer
  const now = () => {
    clearTimeout(timer)
    timer = undefined
    const gathered = items
    items = []
    if (gathered.length > 0) flush(gathered)
  }
  return {
    add(item) {
      items.push(item)
      if (items.length >= most) now()
      else timer ??= setTimeout(now, ms)
    },
    now,
  }
}
