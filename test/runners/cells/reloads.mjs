// The package's JavaScript, evaluated more than once in one process.

import { cpSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { toolFolder } from "../base.mjs"

const helpers = [["adapters/record.js"], ["adapters/held.js"], ["adapters/plain.js", "adapter.js"], ["reloads/load.js"]]

/** What each runtime needs for programs that call `gc()`. */
const collects = (runtime) => (runtime.name.startsWith("Node") ? ["--expose-gc"] : runtime.collects)

/**
 * @param {string} what
 * @param {string} program One of reloads/.
 * @param {{ needs?: string[], tests?: number, status?: number, compare?: boolean, inThread?: boolean, prepare?: Function }} more
 *   `inThread`: it is tried in a worker thread, too.
 */
function cells(what, program, { needs = [], tests, status = 0, compare = true, inThread = true, prepare } = {}) {
  const make = (thread) => ({
    tool: "node",
    what: thread ? `${what}, in a worker thread` : what,
    from: 0,
    everyRuntime: true,
    compare,
    async run({ runtime, newProject, start }) {
      const project = newProject()
      project.write("package.json", { type: "module" })
      for (const [source, name] of [...helpers, ...needs.map((file) => [`reloads/${file}.js`])])
        project.add(source, name)
      project.add(`reloads/${program}.js`)
      prepare?.(project)
      if (thread) project.add("reloads/in-thread.js")
      const args = thread ? ["in-thread.js", `./${program}.js`] : [`${program}.js`]
      const running = start(project, [...runtime.command, ...collects(runtime), ...args])
      await running.succeed({ tests: tests ?? project.tests, status })
    },
  })
  return inThread ? [make(false), make(true)] : [make(false)]
}

/** Two packages in the project, each with a copy of its own. */
function twoCopies(project) {
  const change = (version) => (manifest) => ({ ...manifest, version })
  for (const [name, version] of Object.entries({ one: "0.0.1", other: "99.0.0" })) {
    project.write(`${name}/index.js`, "")
    project.copyPackage(`${name}/node_modules/${project.packageName}`, change(version))
  }
}

/** Two bundles, as docs/bundlers.md says. */
function twoBundles(project) {
  const { buildSync } = createRequire(path.join(toolFolder("esbuild"), "package.json"))("esbuild")
  for (const name of ["one", "two"]) {
    project.add("reloads/bundled.js", `${name}.js`)
    buildSync({
      absWorkingDir: project.folder,
      entryPoints: [`${name}.js`],
      outfile: `out/${name}.cjs`,
      bundle: true,
      minify: name === "two",
      platform: "node",
    })
  }
  cpSync(project.path("../node_modules/ohmq/prebuilds"), project.path("out/prebuilds"), { recursive: true })
}

export const reloadCells = [
  ...cells("loaded twice, nothing done", "twice"),
  ...cells("operations of the first copy wait when others are loaded", "waiting"),
  ...cells("thirty copies exchange messages", "many"),
  ...cells("the addon's file is purged, too", "addon-too"),
  ...cells("sockets, contexts and errors of one copy are given to another", "across"),
  ...cells("`ohmq`, `/draft` and `/v5-compat`, each loaded first", "entries", { tests: 3 }),
  ...cells("`ohmq/security`, loaded first", "security-entry", { compare: false }),
  ...cells("200 copies are dropped with open sockets: what they held is freed", "dropped"),
  ...cells("two versions in one tree", "two-copies", { prepare: twoCopies }),
  // zeromq's addon is not found by a bundle.
  ...cells("two esbuild bundles beside one `prebuilds/`", "two-bundles", { prepare: twoBundles, compare: false }),
  ...cells("worker threads that load it twice and are ended", "threads", { needs: ["thread"], inThread: false }),
  ...cells("`process.exit()` while operations of three copies wait", "exit", { status: 3 }),
  ...cells("an error ends it while operations of three copies wait", "thrown", { status: 1 }),
]
