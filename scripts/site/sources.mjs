// The Markdown files of the site, as TypeDoc wants them: each with its title and its place in front. Their links to other files of the
// project become paths that exist beside the copies.

import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { inProject } from "../lib/project.mjs"

const frontMatter = (fields) =>
  `---\n${Object.entries(fields)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("")}---\n\n`

/** The text of the first heading, without its marks. */
function headingOf(file) {
  const [, title] = /^# (.+)$/m.exec(readFileSync(inProject(file), "utf8")) ?? []
  if (title === undefined) throw new Error(`${file} has no heading of the first level`)
  return title.replaceAll("`", "")
}

/** The titles of pages. Of two with the same heading, that of the toolkit says so, for the navigation and the search. */
function titlesOf(pages) {
  const headings = pages.map(headingOf)
  return new Map(
    pages.map((page, index) => {
      const heading = headings[index]
      const isTaken = headings.indexOf(heading) !== headings.lastIndexOf(heading)
      return [page, isTaken && page.startsWith("toolkit/") ? `${heading} of the toolkit` : heading]
    }),
  )
}

const link = /(!?)\[((?:[^\]\\]|\\.|\[[^\]]*\])*)\]\(([^()\s#]+)(#[^()\s]*)?\)/g

/** What every browser shows as it is. Other files are downloaded, or taken for something else: a .ts for a film. */
const shown = /\.(json|png|svg|txt)$/

/** Puts a file beside the copies, so that a link to it works. Returns what the name ends in there, beyond its own. */
function bring(file, folder) {
  const ending = shown.test(file) ? "" : ".txt"
  const place = path.join(folder, file + ending)
  mkdirSync(path.dirname(place), { recursive: true })
  if (!existsSync(place)) symlinkSync(inProject(file), place)
  return ending
}

/**
 * Writes the copy of a page, which refers to copies and to files beside them. A link to a folder leads to its README.md. If that is not a
 * page, the name of the folder stays as text.
 */
function copyPage(file, title, folder, isPage) {
  const text = readFileSync(inProject(file), "utf8")
  const linked = text.replace(link, (whole, image, label, target, anchor = "") => {
    if (/^[a-z]+:/i.test(target)) return whole
    const found = path.join(path.dirname(file), target)
    if (!existsSync(inProject(found))) throw new Error(`${file} has a link to ${target}, which does not exist`)
    if (isPage(found)) return whole
    if (!statSync(inProject(found)).isDirectory())
      return `${image}[${label}](${target}${bring(found, folder)}${anchor})`
    const readme = path.join(found, "README.md")
    return isPage(readme) ? `[${label}](${path.posix.join(target, "README.md")}${anchor})` : image + label
  })
  const place = path.join(folder, file)
  mkdirSync(path.dirname(place), { recursive: true })
  // TypeDoc makes anchors without what is code in a heading, which GitHub does not.
  const plain = linked.replace(/^(```[\s\S]*?^```|#+ .*)$/gm, (part) =>
    part.startsWith("#") ? part.replaceAll("`", "") : part,
  )
  writeFileSync(place, frontMatter({ title }) + plain)
}

/** Writes all copies to a folder. Returns the files of the chapters, and that of the first page. */
export function writeSources(chapters, folder) {
  const titles = titlesOf(chapters.flatMap((chapter) => chapter.pages))
  const isPage = (file) => titles.has(file) || file === "README.md"
  for (const [file, title] of titles) copyPage(file, title, folder, isPage)
  copyPage("README.md", headingOf("README.md"), folder, isPage)
  // TypeDoc writes the name of the project above it.
  const readme = path.join(folder, "README.md")
  writeFileSync(readme, readFileSync(readme, "utf8").replace(/^# .+\n/m, ""))
  const documents = chapters.map(({ title, text, pages }, index) => {
    const place = path.join(folder, `${index + 1}-${title.toLowerCase().replaceAll(" ", "-")}.md`)
    const list = pages.map((page) => `- [${titles.get(page)}](${page})`).join("\n")
    writeFileSync(place, `${frontMatter({ title, children: pages })}# ${title}\n\n${text}\n\n${list}\n`)
    return place
  })
  return { documents, readme }
}
