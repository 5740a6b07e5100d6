// Compiles lib/ to dist/.

import { createRequire } from "node:module"
import path from "node:path"

import { inProject, root } from "./project.mjs"
import { run } from "./run.mjs"

const require = createRequire(import.meta.url)

export async function compileTypeScript(folder, options = []) {
  const tsc = path.join(path.dirname(require.resolve("typescript/package.json")), "bin/tsc")
  const args = [tsc, "-p", root, "--outDir", folder, ...options]
  await run("typescript", process.execPath, args, { log: inProject("build/typescript.log") })
}
