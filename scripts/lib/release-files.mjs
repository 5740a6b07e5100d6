// Every file of a release except the addons, with the file of this clone to compare it with.

import { mkdirSync, readdirSync } from "node:fs"
import path from "node:path"

import { filesBelow, inProject, readJson } from "./project.mjs"
import { compileTypeScript } from "./typescript.mjs"

const slashes = (file) => file.split(path.sep).join("/")

/** A map from the names in the package to files. dist/ is compiled again, in the folder `temporary`. */
export async function releaseFiles(temporary) {
  mkdirSync(temporary, { recursive: true })
  const dist = path.join(temporary, "dist")
  await compileTypeScript(dist)

  const { files } = readJson(inProject("package.json"))
  const kept = files.filter((entry) => !entry.startsWith("dist/") && !["prebuilds", "docs/*.md"].includes(entry))
  const docs = readdirSync(inProject("docs")).filter((name) => name.endsWith(".md"))
  const copied = ["package.json", "README.md", "LICENSE", ...kept, ...docs.map((name) => `docs/${name}`)]
  return new Map([
    ...copied
      .flatMap((entry) => filesBelow(inProject(entry)))
      .map((file) => [slashes(path.relative(inProject(), file)), file]),
    ...filesBelow(dist)
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .map((file) => [`dist/${slashes(path.relative(dist, file))}`, file]),
  ])
}
