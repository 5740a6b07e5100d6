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

/** Markdown that is not in a chapter, and why. */
const exceptions = {
  "README.md": "it is the first page",
  "test/conformance/conformance.head.md": "it is the top of docs/conformance.md",
}

/** Folders that hold no files of the project. */
const notOurs = new Set(["node_modules", "build", "build-tools", "dist", "prebuilds"])

/** All Markdown files of the project. */
function markdownFiles(folder = ""): string[] {
  return readdirSync(inProject(folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name)
    if (entry.isDirectory()) return notOurs.has(entry.name) || entry.name.startsWith(".") ? [] : markdownFiles(file)
    return entry.name.endsWith(".md") ? [file] : []
  })
}

describe("the chapters", () => {
  it("have each Markdown file of the project once", () => {
    expect([...listed, ...Object.keys(exceptions)].sort()).toEqual(markdownFiles().sort())
  })
})

describe("brokenLinks", () => {
  it("finds pages and anchors that are not there", () => {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, "in"))
    writeFileSync(
      path.join(folder, "index.html"),
      '<h1 id="top"></h1><a href="in/a.html#x">a</a><a href="in">a</a><a href="https://b/c.md">b</a>',
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
      "index.html: in",
    ])
  })

  it("finds names of files that became web addresses, Markdown that is not a page, and anchors in what is not one", () => {
    const folder = temporaryFolder()
    for (const file of ["README.md", "a.mjs.txt"]) writeFileSync(path.join(folder, file), "# a\n")
    writeFileSync(path.join(folder, "icons.svg"), '<svg><g id="icon"/></svg>')
    const wrong = ["http://relay.md", "//setup.mjs/", "http://a.yaml#b", "README.md", "README.md#a", "a.mjs.txt#L1"]
    const right = ["https://a.example/relay.md", "https://md", "a.mjs.txt", "icons.svg#icon"]
    writeFileSync(path.join(folder, "index.html"), [...wrong, ...right].map((to) => `<a href="${to}"></a>`).join(""))
    expect(brokenLinks(folder)).toEqual(wrong.map((target) => `index.html: ${target}`))
  })
})

/** The entry points of a package, as programs import them: without second names in .js, and without the path of ohmq.h. */
function entryPoints(name: "ohmq" | "ohmq-toolkit"): string[] {
  const file = inProject(name === "ohmq" ? "package.json" : "toolkit/package.json")
  const { exports }: { exports: Record<string, unknown> } = JSON.parse(readFileSync(file, "utf8"))
  return Object.keys(exports)
    .filter((entry) => !/\.js(on)?$/.test(entry) && entry !== "./include")
    .map((entry) => name + entry.slice(1))
}

describe("npm run docs", () => {
  it("builds a site with all pages, both packages and a search", { timeout: 480_000 }, async () => {
    const out = path.join(temporaryFolder(), "site")
    const { status, stderr } = await runCommand(process.execPath, [inProject("scripts/site.mjs"), "--out", out], {
      timeout: 470_000,
    })
    expect([status, stderr]).toEqual([0, expect.stringContaining("built: ")])
    expect(readdirSync(path.join(out, "documents"))).toHaveLength(listed.length + chapters.length)
    for (const file of ["index.html", "classes/ohmq.ohmq.Publisher.html", "assets/search.js"])
      expect(existsSync(path.join(out, file)), file).toBe(true)
    // A page for each entry point, which bears the name that programs import.
    const modules = (["ohmq", "ohmq-toolkit"] as const).flatMap((name) => [
      `${name}.html`,
      ...entryPoints(name).map((entry) => `${name}.${entry.replaceAll("/", "_")}.html`),
    ])
    expect(readdirSync(path.join(out, "modules")).sort()).toEqual(modules.sort())
    expect(readFileSync(path.join(out, "documents/Durability.html"), "utf8")).toContain("Durability.The_relay.html")
    // A link to a folder leads to its README.md, and one to a program to text.
    const examples = readFileSync(path.join(out, "documents/Examples.Examples.html"), "utf8")
    expect(examples).toContain('href="Examples.Alert_streaming.html"')
    const program = readFileSync(path.join(out, "documents/Examples.Scan_on_commit.html"), "utf8")
    expect(program).toContain(".mjs.txt")
    // Markdown there would be shown as it is written.
    expect(readdirSync(path.join(out, "media")).filter((file) => file.endsWith(".md"))).toEqual([])
  })

  it("refuses arguments that it does not know", async () => {
    const { status, stderr } = await runCommand(process.execPath, [inProject("scripts/site.mjs"), "--output", "x"])
    expect([status, stderr]).toEqual([1, expect.stringContaining("Unknown arguments: --output x")])
  })
})
