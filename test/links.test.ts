// The links of the documents: to files that are there, and to headings that these have.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { root } from "./support/process.js"

/** The text without programs, where brackets mean something else. */
const prose = (document: string) =>
  readFileSync(path.join(root, document), "utf8")
    .replace(/^(`{3,}).*?^\1/gms, "")
    .replace(/`[^`\n]*`/g, (code) => "x".repeat(code.length))

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(document: string): Set<string> {
  const text = readFileSync(path.join(root, document), "utf8").replace(/^(`{3,}).*?^\1/gms, "")
  const anchors = new Set<string>()
  for (const [, heading = ""] of text.matchAll(/^#+ +(.+?)\s*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase()
    const anchor = plain.replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, "").replaceAll(" ", "-")
    let unique = anchor
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  for (const [, name = ""] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(name)
  return anchors
}

function brokenLinks(document: string): string[] {
  const targets = [...prose(document).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)|^\[[^\]]+\]: +(\S+)/gm)]
  return targets
    .map(([, inline, reference]) => (inline ?? reference) as string)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
    .filter((target) => {
      const [file = "", anchor] = target.split("#")
      const found = file === "" ? document : path.join(path.dirname(document), decodeURIComponent(file))
      if (!existsSync(path.join(root, found))) return true
      return anchor !== undefined && found.endsWith(".md") && !anchorsOf(found).has(anchor)
    })
}

const generated = new Set(["node_modules", "build", "build-tools", "dist", "prebuilds"])

/** The documents in a folder, without parts that are copied into another document. */
const documentsIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) return generated.has(entry.name) || entry.name.startsWith(".") ? [] : documentsIn(name)
    return name.endsWith(".md") && !name.endsWith(".head.md") ? [name] : []
  })

describe("the documents", () => {
  const documents = documentsIn("")

  it("are found, those of both packages", () => {
    expect(documents).toEqual(expect.arrayContaining(["README.md", "docs/guide.md", "toolkit/README.md"]))
  })

  it.each(documents)("%s has links that lead somewhere", (document) => {
    expect(brokenLinks(document)).toEqual([])
  })
})
