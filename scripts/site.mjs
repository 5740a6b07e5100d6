// Builds the site: the guides, the options and the API reference of both packages, with a search over all of them.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { fileURLToPath } from "node:url"

import { Failure, inProject, runMain, say } from "./lib/project.mjs"
import { run } from "./lib/run.mjs"
import { chapters } from "./site/chapters.mjs"
import { brokenLinks } from "./site/links.mjs"
import { writeSources } from "./site/sources.mjs"

const help = `Builds the documentation as a site. Usage: npm run docs [-- options]

  --out DIR  where to, build/docs by default. What is there is replaced
  --help     show this

Open index.html of that folder in a browser. No server is needed.
`

const typedoc = path.join(path.dirname(createRequire(import.meta.url).resolve("typedoc/package.json")), "bin/typedoc")

/** Builds the site in a folder. */
export async function buildSite(out) {
  mkdirSync(inProject("build"), { recursive: true })
  const work = mkdtempSync(inProject("build", "site-"))
  const log = path.join(work, "typedoc.log")
  const step = (name, args) => run(name, process.execPath, [typedoc, ...args], { log })
  try {
    const parts = { ohmq: inProject("typedoc.json"), toolkit: inProject("toolkit/typedoc.json") }
    for (const [name, options] of Object.entries(parts)) {
      say("site", `reading ${name}`)
      await step(name, ["--options", options, "--readme", "none", "--json", path.join(work, `${name}.json`)])
    }
    const { documents, readme } = writeSources(chapters, path.join(work, "pages"))
    const options = {
      name: "ohmq",
      entryPointStrategy: "merge",
      entryPoints: Object.keys(parts).map((name) => path.join(work, `${name}.json`)),
      projectDocuments: documents,
      readme,
      out,
      disableSources: true,
      searchInDocuments: true,
      // Guides before members of classes: words such as "gate", and names of options, are in many of these.
      searchGroupBoosts: { Documents: 20, Accessors: 0.2, Properties: 0.2 },
      navigation: { includeGroups: false, includeCategories: false, includeFolders: false, excludeReferences: true },
      sort: ["documents-first", "source-order"],
      cleanOutputDir: true,
      validation: { notExported: false },
    }
    // Like GitHub, make a link of an address with https://, and not of the name of a file: .md and .sh are domains, too.
    const file = path.join(work, "typedoc.mjs")
    const loader = "markdownItLoader: (parser) => parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false })"
    writeFileSync(file, `export default { ...${JSON.stringify(options)}, ${loader} }\n`)
    say("site", "writing pages")
    await step("site", ["--options", file])
    const broken = brokenLinks(out)
    if (broken.length > 0) throw new Failure(`Links that lead nowhere:\n  ${broken.join("\n  ")}`)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function main(args) {
  if (args.includes("--help")) {
    process.stdout.write(help)
    return 0
  }
  const [option, out = inProject("build/docs"), ...rest] = args
  if ((option !== undefined && option !== "--out") || rest.length > 0)
    throw new Failure(`Unknown arguments: ${args.join(" ")}\n\n${help}`)
  await buildSite(path.resolve(out))
  say("site", `built: ${path.join(path.resolve(out), "index.html")}`)
  return 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(main)
