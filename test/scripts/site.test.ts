// The site: each page is in a chapter, links lead somewhere, and what is broken is found.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root, runCommand } from "../support/process.js"

interface Chapter {
  title: string
  pages: string[]
}

const inProject = (file: string) => path.join(root, file)
const { chapters }: { chapters: Chapter[] } = await import(inProject("scripts/site/chapters.mjs"))
const { brokenLinks }: { brokenLinks: (folder: string) => string[] } = await import(inProject("scripts/site/links.mjs"))

const listed = chapters.flatMap(({ pages }) => pages)

describe("the chapters", () => {
  it("have each page of the documentation once", () => {
    const pages = ["docs", "toolkit/docs"].flatMap((folder) =>
      readdirSync(inProject(folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".md"))
        .map((file) => `${folder}/${file}`),
    )
    expect(listed).toEqual(expect.arrayContaining(pages))
    expect(new Set(listed).size).toBe(listed.length)
  })
})

describe("brokenLinks", () => {
  it("finds pages and anchors that are not there", () => {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, "in"))
    writeFileSync(
      path.join(folder, "index.html"),
      '<h1 id="top"></h1><a href="in/a.html#x">a</a><a href="https://b">b</a>',
    )
    writeFileSync(
      path.join(folder, "in/a.html"),
      '<b id="x"></b><a href="../#top"></a><a href="../index.html#no"></a><a href="c.html"></a><img src="d.png"><a href="#y">',
    )
    expect(brokenLinks(folder)).toEqual([
      "in/a.html: ../index.html#no",
      "in/a.html: c.html",
      "in/a.html: d.png",
      "in/a.html: #y",
    ])
  })
})

describe("npm run docs", () => {
  it("builds a site with all pages, both packages and a search", { timeout: 240_000 }, async () => {
    const out = path.join(temporaryFolder(), "site")
    const { status, stderr } = await runCommand(process.execPath, [inProject("scripts/site.mjs"), "--out", out], {
      timeout: 230_000,
    })
    expect([status, stderr]).toEqual([0, expect.stringContaining("built: ")])
    expect(readdirSync(path.join(out, "documents"))).toHaveLength(listed.length + chapters.length)
    for (const file of [
      "index.html",
      "classes/ohmq.index.Publisher.html",
      "modules/ohmq-toolkit.html",
      "assets/search.js",
    ])
      expect(existsSync(path.join(out, file)), file).toBe(true)
    expect(readFileSync(path.join(out, "documents/Durability.html"), "utf8")).toContain("Durability.The_relay.html")
  })

  it("refuses arguments that it does not know", async () => {
    const { status, stderr } = await runCommand(process.execPath, [inProject("scripts/site.mjs"), "--output", "x"])
    expect([status, stderr]).toEqual([1, expect.stringContaining("Unknown arguments: --output x")])
  })
})
