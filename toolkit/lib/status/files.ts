// The files of the page: its style, its program, and uPlot, as the package has them.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"

const require = createRequire(import.meta.url)
const asset = (name: string) => new URL(`../../assets/${name}`, import.meta.url)

const types = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
}

const places: Readonly<Record<string, () => string | URL>> = {
  "status.css": () => asset("status.css"),
  "status.js": () => asset("status.js"),
  "icon.svg": () => asset("icon.svg"),
  "uplot.js": () => require.resolve("uplot/dist/uPlot.esm.js"),
  "uplot.css": () => require.resolve("uplot/dist/uPlot.min.css"),
}

const read = new Map<string, string>()

/** A file by its name. Undefined if there is none. */
export function pageFile(name: string): { type: string; body: string } | undefined {
  const place = Object.hasOwn(places, name) ? places[name] : undefined
  if (place === undefined) return undefined
  let body = read.get(name)
  if (body === undefined) {
    body = readFileSync(place(), "utf8")
    read.set(name, body)
  }
  return { type: types[name.split(".").pop() as keyof typeof types], body }
}
