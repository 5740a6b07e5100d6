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

/** The bare name of a file, such as README.md, that became a web address. */
const isFileName = (target) => /^(https?:)?\/\/[^/?#]*\.(md|m?js|ts|json|ya?ml|py|sh)([/?#]|$)/i.test(target)

/**
 * The links that lead nowhere, each as `page: target`. Markdown is among them: what the site links to is a page of it. Links to other sites
 * are not followed.
 */
export function brokenLinks(folder) {
  const pages = new Map(
    filesBelow(folder)
      .filter((file) => /\.(html|svg)$/.test(file))
      .map((file) => [file, read(file)]),
  )
  const isBroken = (file, target) => {
    if (/^([a-z]+:|\/\/)/i.test(target)) return isFileName(target)
    const [to = "", anchor] = target.split("#", 2)
    let place = to === "" ? file : path.resolve(path.dirname(file), decodeURIComponent(to.split("?", 1)[0]))
    if (!existsSync(place) || place.endsWith(".md")) return true
    if (statSync(place).isDirectory()) place = path.join(place, "index.html")
    if (!anchor) return !existsSync(place)
    return pages.get(place)?.anchors.has(decodeURIComponent(anchor)) !== true
  }
  return [...pages].flatMap(([file, { targets }]) =>
    targets.filter((target) => isBroken(file, target)).map((target) => `${path.relative(folder, file)}: ${target}`),
  )
}
