// Whether all links within a folder of HTML lead somewhere.

import { existsSync, readFileSync, statSync } from "node:fs"
import path from "node:path"

import { filesBelow } from "../lib/project.mjs"

const attribute = /\s(id|name|href|src)="([^"]*)"/g

const textOf = (text) => text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'")

/** The anchors of a page, and what it refers to. */
function read(file) {
  const anchors = new Set()
  const targets = []
  for (const [, name, value] of readFileSync(file, "utf8").matchAll(attribute)) {
    if (name === "id" || name === "name") anchors.add(textOf(value))
    else targets.push(textOf(value))
  }
  return { anchors, targets }
}

/** The links that lead nowhere, each as `page: target`. Links to other sites are not followed. */
export function brokenLinks(folder) {
  const pages = new Map(
    filesBelow(folder)
      .filter((file) => file.endsWith(".html"))
      .map((file) => [file, read(file)]),
  )
  return [...pages].flatMap(([file, { targets }]) =>
    targets
      .filter((target) => !/^([a-z]+:|\/\/)/i.test(target))
      .filter((target) => {
        const [to = "", anchor] = target.split("#", 2)
        const place = to === "" ? file : path.resolve(path.dirname(file), decodeURIComponent(to.split("?", 1)[0]))
        if (!existsSync(place)) return true
        if (statSync(place).isDirectory()) return !pages.get(path.join(place, "index.html"))?.anchors.has(anchor)
        const page = pages.get(place)
        if (!anchor || page === undefined) return false
        return !page.anchors.has(decodeURIComponent(anchor))
      })
      .map((target) => `${path.relative(folder, file)}: ${target}`),
  )
}
