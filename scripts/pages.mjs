// Writes the pages that come from tables in the source: docs/options.md, docs/errors.md and man/ohmq.1.

import { inProject, runMain, say } from "./lib/project.mjs"
import { errorsDoc } from "./pages/errors.mjs"
import { pageText, writePage } from "./pages/generated.mjs"
import { manPage } from "./pages/man.mjs"
import { optionsDoc } from "./pages/options.mjs"

const command = "npm run pages"

const texts = async () => ({
  "docs/options.md": optionsDoc(inProject("dist")),
  "docs/errors.md": errorsDoc(),
  "man/ohmq.1": await manPage(inProject("dist")),
})

/** The pages as they must be, by path. */
export const pages = async () =>
  Object.fromEntries(Object.entries(await texts()).map(([file, text]) => [file, pageText(file, command, text)]))

if (process.argv[1] === import.meta.filename) {
  await runMain(async () => {
    for (const [file, text] of Object.entries(await texts())) {
      writePage(file, command, text)
      say("pages", file)
    }
  })
}
