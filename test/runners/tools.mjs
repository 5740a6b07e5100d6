// How each runner is started in a project, and what its projects look like.

import { createRequire } from "node:module"
import path from "node:path"

import { toolFolder } from "./base.mjs"

const require = createRequire(path.join(toolFolder("esbuild"), "package.json"))

const options = { format: "cjs", platform: "node", sourcefile: "test.mjs", supported: { "dynamic-import": false } }

/** Makes CommonJS of an ES module, as projects do whose runner takes nothing else. */
const commonJs = (text) => require("esbuild").transformSync(text, options).code

const none = (text) => text

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} [npm] The package whose version it has; it is that of the runtime otherwise.
 * @property {string} adapter
 * @property {object} manifest What is in package.json.
 * @property {(text: string) => string} change
 * @property {string[]} start What comes after the runtime's command.
 */

/** @type {Record<string, Tool>} */
export const tools = {
  jest: {
    name: "Jest",
    npm: "jest",
    adapter: "jest",
    manifest: { type: "commonjs", jest: { transform: {}, cacheDirectory: "<rootDir>/tmp/jest" } },
    change: commonJs,
    start: ["--expose-gc", path.join(toolFolder("jest"), "bin/jest.js"), "--ci"],
  },
  vitest: {
    name: "Vitest",
    npm: "vitest",
    adapter: "vitest",
    manifest: { type: "module" },
    change: none,
    start: [path.join(toolFolder("vitest"), "vitest.mjs"), "run"],
  },
  nodeTest: {
    name: "node:test",
    adapter: "node-test",
    manifest: { type: "module" },
    change: none,
    start: ["--test"],
  },
  mocha: {
    name: "Mocha",
    npm: "mocha",
    adapter: "mocha",
    manifest: { type: "module" },
    change: none,
    start: [path.join(toolFolder("mocha"), "bin/mocha.js"), "*.test.js"],
  },
  mochaCommonJs: {
    name: "Mocha",
    npm: "mocha",
    adapter: "mocha",
    manifest: { type: "commonjs" },
    change: commonJs,
    start: [],
  },
  tsx: {
    name: "tsx",
    npm: "tsx",
    adapter: "node-test",
    manifest: { type: "module" },
    change: none,
    start: [path.join(toolFolder("tsx"), "dist/cli.mjs")],
  },
  // What has a command of the runtime's own: `bun test`.
  bun: { name: "bun test", adapter: "bun", manifest: { type: "module" }, change: none, start: ["test"] },
  deno: {
    name: "deno test",
    adapter: "deno",
    manifest: { type: "module" },
    change: none,
    start: ["test", "-A", "--no-lock", "--no-check"],
  },
  // Programs without a runner.
  node: { name: "programs", adapter: "plain", manifest: { type: "module" }, change: none, start: [] },
  bunRun: { name: "Bun", adapter: "plain", manifest: { type: "module" }, change: none, start: [] },
  denoRun: { name: "Deno", adapter: "plain", manifest: { type: "module" }, change: none, start: [] },
}

/**
 * Makes the project of a tool.
 *
 * @param {Tool} tool
 * @param {Record<string, number>} files The files of tests/, by their names, and how many copies of each.
 */
export function fill(project, tool, files) {
  project.write("package.json", tool.manifest)
  for (const name of ["record.js", "held.js"]) project.add(`adapters/${name}`, name, tool.change)
  project.add(`adapters/${tool.adapter}.js`, "adapter.js", tool.change)
  for (const [name, copies] of Object.entries(files)) {
    for (let index = 0; index < copies; index += 1) {
      project.add(`tests/${name}.test.js`, `${name}${copies > 1 ? `-${index}` : ""}.test.js`, tool.change)
    }
  }
}
