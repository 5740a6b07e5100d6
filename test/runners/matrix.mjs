// Every cell: a runner, what was tried, and on which runtime.

import { runtimes as allRuntimes } from "../runtimes/runtimes.mjs"
import { reloadCells } from "./cells/reloads.mjs"
import { jestCells, otherCells, vitestCells } from "./cells/runners.mjs"
import { watchCells } from "./cells/watch.mjs"
import { RunnerProcess } from "./runner-process.mjs"
import { tools } from "./tools.mjs"

const own = process.versions.node.split(".")[0]

/** The versions of Node.js, Bun and Deno. The first is the one that this runs on. */
export const runtimes = allRuntimes
  .filter(({ env }) => Object.keys(env).length === 0)
  .map((runtime) => ({ ...runtime, name: runtime.name === "Node.js" ? `Node.js ${own}` : runtime.name }))
  .filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index)

const isNode = ({ name }) => name.startsWith("Node.js")

/** Whether a cell is for a runtime. */
function isFor({ tool, from, everyRuntime }, runtime) {
  if (isNode(runtime)) return !/^(bun|deno)/.test(tool) && Number(runtime.name.split(" ")[1]) >= from
  return everyRuntime || tool.startsWith(runtime.name.toLowerCase())
}

const groups = { jest: jestCells, vitest: vitestCells, others: otherCells, watching: watchCells, reloads: reloadCells }
const grouped = Object.entries(groups).flatMap(([group, made]) => made.map((cell) => ({ ...cell, group })))

/** What was tried, each with the runtimes that it is for, and the name of the file that tests it. */
export const rows = grouped.map((cell) => ({
  ...cell,
  title: `${tools[cell.tool].name}: ${cell.what}`,
  on: runtimes.filter((runtime) => isFor(cell, runtime)),
}))

export const cells = rows.flatMap((row) =>
  row.on.map((runtime) => ({ row, runtime, title: `${row.title}, ${runtime.name}` })),
)

/** Runs a cell. Throws if it fails; returns what there is to tell, if anything. */
export async function runCell(base, cell, packageName = "ohmq") {
  try {
    return await runOnce(base, cell, packageName)
  } catch (error) {
    // A busy machine makes some end late.
    if (!error.isLate) throw error
    return runOnce(base, cell, packageName)
  }
}

async function runOnce(base, { row, runtime }, packageName) {
  const [projects, started] = [[], []]
  const newProject = () => {
    projects.push(base.project(packageName))
    return projects.at(-1)
  }
  const start = (...args) => {
    started.push(new RunnerProcess(...args))
    return started.at(-1)
  }
  try {
    return await row.run({ runtime, newProject, start })
  } finally {
    for (const running of started) running.kill()
    for (const project of projects) project.remove()
  }
}
