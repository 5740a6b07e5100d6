// Measures which lines of lib/, native/ and toolkit/lib/ the tests of `npm test` run, in a copy of the project in build/coverage/, with source
// maps and an addon that counts. Everything that is started takes part: vitest's workers, the programs of tests, their threads.

import { spawnSync } from "node:child_process"
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import path from "node:path"

import { linesOfLib, linesOfNative } from "./lib/covered-lines.mjs"
import { Failure, filesBelow, inProject, root, runMain, say } from "./lib/project.mjs"
import { has, run } from "./lib/run.mjs"
import { compileTypeScript } from "./lib/typescript.mjs"

const topic = "coverage"

const help = `Runs the tests of the binding and of the toolkit, and prints how many lines of lib/, native/ and toolkit/lib/ they run. Usage: npm run coverage [-- options] [FILE...]

With the names of test files, it runs only those. It needs g++ and gcov, which is part of GCC.

  --report  print the figures of the last run again
  --help    show this
`

/** The percentages below which this command fails, a little less than today's in CONTRIBUTING.md: a few lines run only at times. */
const floors = { lib: 97, native: 93, "toolkit/lib": 94 }

const project = inProject("build/coverage/project")
const records = inProject("build/coverage/v8")
const objects = path.join(project, "build/Release/obj.target")

/** Copies what is not generated, and links to the packages and to libzmq. What was compiled there before stays. */
function copyProject() {
  const generated = new Set([".git", "build", "build-tools", "dist", "node_modules", "prebuilds"])
  mkdirSync(path.join(project, "build"), { recursive: true })
  for (const name of readdirSync(project)) {
    if (name !== "build") rmSync(path.join(project, name), { recursive: true, force: true })
  }
  for (const name of readdirSync(root).filter((name) => !generated.has(name))) {
    cpSync(inProject(name), path.join(project, name), {
      recursive: true,
      preserveTimestamps: true,
      filter: (source) => path.basename(source) !== "node_modules",
    })
  }
  for (const name of ["build/libzmq", "toolkit/node_modules"].filter((name) => existsSync(inProject(name)))) {
    rmSync(path.join(project, name), { recursive: true, force: true })
    symlinkSync(inProject(name), path.join(project, name))
  }
  linkPackages()
}

/** Links to each package, and to the copy where a package is one of this project's. */
function linkPackages() {
  const own = { ohmq: project, "ohmq-toolkit": path.join(project, "toolkit") }
  mkdirSync(path.join(project, "node_modules"))
  for (const name of readdirSync(inProject("node_modules")))
    symlinkSync(own[name] ?? inProject("node_modules", name), path.join(project, "node_modules", name))
}

async function compile() {
  // Comments have no place in a source map.
  const options = ["--sourceMap", "--removeComments"]
  await compileTypeScript(path.join(project, "dist"), { options })
  await compileTypeScript(path.join(project, "toolkit/dist"), { project: path.join(project, "toolkit"), options })
  const flags = { CXXFLAGS: "--coverage -fprofile-update=atomic -O0", LDFLAGS: "--coverage" }
  await run("addon", process.execPath, ["scripts/addon.mjs"], {
    cwd: project,
    env: { ...process.env, ...flags },
    log: inProject("build/coverage/addon.log"),
  })
}

/** gcov's files. A process that ends adds its counts to them. */
const counters = () => filesBelow(objects).filter((file) => file.endsWith(".gcda"))

/** Runs the tests, and tells whether they passed. */
function test(files) {
  rmSync(records, { recursive: true, force: true })
  mkdirSync(records)
  chmodSync(records, 0o1777)
  for (const file of counters()) rmSync(file)
  const env = { ...process.env, OHMQ_PREBUILD: undefined, NODE_V8_COVERAGE: records }
  // Some tests run programs as a user who may do little, but must be able to write to the files of both.
  spawnSync(process.execPath, ["."], { cwd: project, env })
  for (const file of counters()) chmodSync(file, 0o666)
  const { status } = spawnSync(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--project", "binding", "--project", "toolkit", ...files],
    { cwd: project, env, stdio: "inherit" },
  )
  return status === 0
}

/** Ranges of lines that did not run, with nothing that ran in between: "3, 7-9". */
function missing(lines) {
  const ranges = []
  let before = true
  for (const [line, ran] of [...lines].sort(([one], [other]) => one - other)) {
    if (!ran && before) ranges.push([line, line])
    else if (!ran) ranges.at(-1)[1] = line
    before = ran
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(", ")
}

function figures(files) {
  const all = files.flatMap(([, lines]) => [...lines.values()])
  const ran = all.filter(Boolean).length
  return { ran, all: all.length, percent: (100 * ran) / all.length }
}

function row(name, files) {
  const { ran, all, percent } = figures(files)
  return `${name.padEnd(28)} ${String(ran).padStart(5)} / ${String(all).padStart(5)}  ${percent.toFixed(1).padStart(5)} %\n`
}

/** Prints the figures of a folder of the project, and of the folders and files in it. Returns how many per cent ran. */
function report(name, found) {
  const files = [...found].filter(([, lines]) => lines.size > 0).sort(([one], [other]) => (one < other ? -1 : 1))
  let text = `\n${row(name, files)}`
  for (const folder of new Set(files.map(([file]) => path.dirname(file)))) {
    const own = files.filter(([file]) => path.dirname(file) === folder)
    text += row(`  ${folder}`, own)
  }
  for (const [file, lines] of files) {
    const ranges = missing(lines)
    if (ranges !== "") text += `${file}: ${ranges}\n`
  }
  process.stdout.write(text)
  return figures(files).percent
}

await runMain(async (args) => {
  const unknown = args.find((arg) => arg.startsWith("-") && !["--report", "--help"].includes(arg))
  if (unknown !== undefined) throw new Failure(`Unknown option '${unknown}'. Run: npm run coverage -- --help`)
  if (args.includes("--help")) {
    process.stdout.write(help)
    return 0
  }
  if (!has("gcov")) throw new Failure("gcov not found. It is part of GCC: apt-get install g++")
  const files = args.filter((arg) => arg !== "--report")
  let passed = true
  if (!args.includes("--report")) {
    copyProject()
    await compile()
    passed = test(files)
  }
  // The command has a tier of its own, which this does not run.
  const lib = new Map([...linesOfLib(project, records)].filter(([file]) => !file.startsWith("lib/cli/")))
  const percents = {
    lib: report("lib", lib),
    native: report("native", linesOfNative(project, objects)),
    "toolkit/lib": report("toolkit/lib", linesOfLib(project, records, "toolkit")),
  }
  if (files.length > 0) return passed ? 0 : 1
  const low = Object.keys(floors).filter((name) => percents[name] < floors[name])
  for (const name of low) say(topic, `${name}/ must have at least ${floors[name]} %, as scripts/coverage.mjs says`)
  return passed && low.length === 0 ? 0 : 1
})
