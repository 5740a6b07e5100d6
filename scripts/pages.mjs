// Writes the pages that come from tables in the source: docs/options.md and docs/errors.md.

import { inProject, runMain, say } from "./lib/project.mjs"
import { errorsDoc } from "./pages/errors.mjs"
import { pageText, writePage } from "./pages/generated.mjs"
import { optionsDoc } from "./pages/options.mjs"

const command = "npm run pages"

const texts = () => ({ "docs/options.md": optionsDoc(inProject("dist")), "docs/errors.md": errorsDoc() })

/** The pages as they must be, by path. */
export const pages = () =>
  Object.fromEntries(Object.entries(texts()).map(([file, text]) => [file, pageText(command, text)]))

if (process.argv[1] === import.meta.filename) {
  await runMain(() => {
    for (const [file, text] of Object.entries(texts())) {
      writePage(file, command, text)
      say("pages", file)
    }
  })
}
