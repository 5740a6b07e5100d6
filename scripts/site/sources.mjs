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
function titleOf(text, file) {
  const [, title] = /^# (.+)$/m.exec(text) ?? []
  if (title === undefined) throw new Error(`${file} has no heading of the first level`)
  return title.replaceAll("`", "")
}

const link = /(!?)\[((?:[^\]\\]|\\.|\[[^\]]*\])*)\]\(([^()\s#]+)(#[^()\s]*)?\)/g

/** Puts a file beside the copies, so that a link to it works. */
function bring(file, folder) {
  const place = path.join(folder, file)
  mkdirSync(path.dirname(place), { recursive: true })
  if (!existsSync(place)) symlinkSync(inProject(file), place)
}

/** Writes the copy of a page, which refers to copies and to files beside them. A folder cannot be linked to: its name stays as text. */
function copyPage(file, folder, isPage) {
  const text = readFileSync(inProject(file), "utf8")
  const linked = text.replace(link, (whole, image, label, target) => {
    if (/^[a-z]+:/i.test(target)) return whole
    const found = path.join(path.dirname(file), target)
    if (!existsSync(inProject(found))) throw new Error(`${file} has a link to ${target}, which does not exist`)
    if (isPage(found)) return whole
    if (statSync(inProject(found)).isDirectory()) return image + label
    bring(found, folder)
    return whole
  })
  const place = path.join(folder, file)
  mkdirSync(path.dirname(place), { recursive: true })
  // TypeDoc makes anchors without what is code in a heading, which GitHub does not.
  const plain = linked.replace(/^(```[\s\S]*?^```|#+ .*)$/gm, (part) =>
    part.startsWith("#") ? part.replaceAll("`", "") : part,
  )
  writeFileSync(place, frontMatter({ title: titleOf(text, file) }) + plain)
}

/** Writes all copies to a folder. Returns the files of the chapters, and that of the first page. */
export function writeSources(chapters, folder) {
  const pages = new Set(chapters.flatMap((chapter) => chapter.pages))
  const isPage = (file) => pages.has(file) || file === "README.md"
  for (const file of pages) copyPage(file, folder, isPage)
  copyPage("README.md", folder, isPage)
  // TypeDoc writes the name of the project above it.
  const readme = path.join(folder, "README.md")
  writeFileSync(readme, readFileSync(readme, "utf8").replace(/^# .+\n/m, ""))
  const documents = chapters.map(({ title, text, pages }, index) => {
    const place = path.join(folder, `${index + 1}-${title.toLowerCase().replaceAll(" ", "-")}.md`)
    const list = pages.map((page) => `- [${titleOf(readFileSync(inProject(page), "utf8"), page)}](${page})`).join("\n")
    writeFileSync(place, `${frontMatter({ title, children: pages })}# ${title}\n\n${text}\n\n${list}\n`)
    return place
  })
  return { documents, readme }
}
