// Writes generated pages, and the generated parts of other pages. All of them are committed.

import { readFileSync, writeFileSync } from "node:fs"

import { Failure, inProject } from "../lib/project.mjs"

/** The text of a generated page; `file` is its path in the project. The first line says how to write it again. */
export const pageText = (file, command, text) =>
  file.endsWith(".md")
    ? `<!-- Written by: ${command} -->\n\n${text.trim()}\n`
    : `.\\" Written by: ${command}\n${text.trim()}\n`

/** Writes a generated page. */
export const writePage = (file, command, text) => writeFileSync(inProject(file), pageText(file, command, text))

/** A page with other parts between `<!-- NAME: COMMAND -->` and `<!-- end -->`. `parts` has their texts by name. */
export function withParts(file, command, parts) {
  let text = readFileSync(inProject(file), "utf8")
  for (const [name, part] of Object.entries(parts)) {
    const mark = `<!-- ${name}: ${command} -->\n`
    const start = text.indexOf(mark)
    const end = text.indexOf("<!-- end -->", start)
    if (start < 0 || end < 0) throw new Failure(`${file} lacks the lines '${mark.trim()}' and '<!-- end -->'.`)
    text = `${text.slice(0, start)}${mark}\n${part.trim()}\n\n${text.slice(end)}`
  }
  return text
}

/** Replaces these parts of a page. */
export const writeParts = (file, command, parts) => writeFileSync(inProject(file), withParts(file, command, parts))
