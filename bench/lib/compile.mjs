// Compiles a C++ program of the benchmarks with the libzmq that the addon links.

import { mkdirSync, statSync } from "node:fs"
import path from "node:path"

import { root } from "../../scripts/lib/project.mjs"
import { run } from "../../scripts/lib/run.mjs"
import { libzmqFlags } from "../../scripts/libzmq.mjs"

/** The program of a source file in bench/. Compiles it, and says so, if the file or libzmq is newer. */
export async function compiled(name, say) {
  const program = path.join(root, "build/bench", name)
  const source = path.join(root, "bench", `${name}.cc`)
  const libraries = await libzmqFlags("libraries")
  const time = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (time(program) > Math.max(time(source), ...libraries.map(time))) return program
  say(`compiling ${name}.cc`)
  mkdirSync(path.dirname(program), { recursive: true })
  const includes = (await libzmqFlags("include")).map((folder) => `-I${folder}`)
  const defines = ["ZMQ_STATIC", ...(await libzmqFlags("defines"))].map((name) => `-D${name}`)
  const flags = ["-O3", "-std=c++17", ...defines, ...includes]
  const args = [...flags, source, ...libraries, "-lpthread", "-lrt", "-o", program]
  await run(name, process.env.CXX ?? "c++", args, { log: path.join(root, `build/bench/${name}.log`) })
  return program
}
