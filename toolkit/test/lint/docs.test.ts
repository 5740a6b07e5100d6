import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { lintedFiles, lintFile, lintText, rules } from "ohmq-toolkit/lint"
import { describe, expect, it } from "vitest"

const root = resolve(import.meta.dirname, "../../..")
const page = readFileSync(resolve(root, "toolkit/docs/lint.md"), "utf8")

describe("docs/lint.md", () => {
  it("lists the rules", () => {
    const rows = Object.entries(rules).map(([name, { level, title, advice }]) => {
      const anchor = name === "bad-ignore" ? "ignoring-a-finding" : name
      return `| [\`${name}\`](#${anchor}) | ${level} | ${title} | ${advice} |`
    })
    expect([...page.matchAll(/^\| \[`.*$/gm)].map(([row]) => row)).toEqual(rows)
  })

  const programs = [...page.matchAll(/^### ([\w-]+)\n.*?^```js\n(.*?)^```/gms)]

  it("has a program for each rule", () => {
    expect(programs.map(([, name]) => name)).toEqual(Object.keys(rules).filter((name) => name !== "bad-ignore"))
  })

  it.each(programs.map(([, name = "", source = ""]) => ({ name, source })))(
    "has a program that breaks $name and nothing else",
    ({ name, source }) => {
      const line = source.split("\n").findIndex((text) => text.endsWith(`// finds ${name}`)) + 1
      const found = lintText(source, "program.mjs").map(({ rule, line }) => ({ rule, line }))
      expect(found).toEqual([{ rule: name, line }])
    },
  )

  it("has a comment that ignores a finding", () => {
    const source = /^## Ignoring a finding\n.*?^```js\n(.*?)^```/ms.exec(page)?.[1] ?? ""
    expect(lintText(source, "program.mjs")).toEqual([])
    expect(lintText(source.replace(/^\/\/ .*/m, ""), "program.mjs").map(({ rule }) => rule)).toEqual(["public-bind"])
  })
})

describe("The programs of this project", () => {
  it.each([
    ["examples", 15],
    ["integrations", 3],
  ])("break no rule in %s/", (folder, count) => {
    const files = lintedFiles([resolve(root, folder)])
    expect(files.length).toBeGreaterThan(count)
    expect(files.flatMap(lintFile)).toEqual([])
  })

  it("break no rule in the documents, except where the page is about that", () => {
    const pages = ["guide", "messages", "security", "signed-messages", "tutorial"]
    const documents = ["README.md", ...pages.map((page) => `docs/${page}.md`)]
    const found = documents.flatMap((document) =>
      [...readFileSync(resolve(root, document), "utf8").matchAll(/^```js\n(.*?)^```$/gms)].flatMap(([, source = ""]) =>
        lintText(source, "program.mjs").map(({ rule }) => `${document} ${rule}`),
      ),
    )
    // A program that shows that the context refuses to bind.
    expect(found).toEqual(["docs/security.md no-linger", "docs/security.md no-heartbeat"])
  })
})
