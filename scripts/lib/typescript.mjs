// Compiles a package's lib/.

import { createRequire } from "node:module"
import path from "node:path"

import { inProject, root } from "./project.mjs"
import { run } from "./run.mjs"

const require = createRequire(import.meta.url)

/** Compiles the project at `project` into a folder. */
export async function compileTypeScript(folder, { project = root, options = [] } = {}) {
  const tsc = path.join(path.dirname(require.resolve("typescript/package.json")), "bin/tsc")
  const args = [tsc, "-p", project, "--outDir", folder, ...options]
  const name = ["typescript", ...(project === root ? [] : [path.basename(project)])].join("-")
  await run("typescript", process.execPath, args, { log: inProject("build", `${name}.log`) })
}
