// Checks the whole tree: format, lint and types of TypeScript and JavaScript, format and lint of C++.

import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus } from "node:os"
import path from "node:path"

import { nodeHeaders } from "./addon.mjs"
import { Failure, inProject, root, runMain, say } from "./lib/project.mjs"
import { has, run } from "./lib/run.mjs"
import { libzmqFlags } from "./libzmq.mjs"

const require = createRequire(import.meta.url)

const help = `Checks the format, lint and types of the whole tree. Usage: npm run lint [-- options]

  --fix    write the corrections that the tools can make (npm run format)
  --help   show this

The C++ part needs clang-format and clang-tidy: apt-get install clang-format clang-tidy.
`

const bin = (name, file) => path.join(path.dirname(require.resolve(`${name}/package.json`)), file)

const native = () =>
  readdirSync(inProject("native"), { recursive: true })
    .filter((file) => /\.(cc|h)$/.test(file))
    .map((file) => path.join("native", file))

async function step(name, command, args) {
  const started = performance.now()
  await run(name, command, args, { log: inProject("build", `lint-${name.replaceAll(" ", "-")}.log`) })
  say(name, `ok (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}

/** Does all pieces of work, as many at a time as there are cores. */
async function inParallel(pieces) {
  const waiting = pieces.values()
  const work = async () => {
    for (const piece of waiting) await piece()
  }
  await Promise.all(cpus().map(work))
}

async function typescript(fix) {
  await step("biome", process.execPath, [bin("@biomejs/biome", "bin/biome"), "check", ...(fix ? ["--write"] : [])])
  const tsc = bin("typescript", "bin/tsc")
  const docstrings = inProject("scripts/docstrings.mjs")
  const checks = {
    "types of toolkit test": [tsc, "-p", inProject("toolkit/test")],
    "docstrings of toolkit": [docstrings, "toolkit/typedoc.json"],
    "types of toolkit": [tsc, "-p", inProject("toolkit"), "--noEmit"],
    "types of test": [tsc, "-p", inProject("test")],
    docstrings: [docstrings, "typedoc.json"],
    "types of lib": [tsc, "-p", root, "--noEmit"],
  }
  // The longest come first, so that all end at about the same time.
  const check = ([name, args]) => step(name, process.execPath, args)
  await inParallel(Object.entries(checks).map((one) => () => check(one)))
}

/** The folders of native/, in their order; see ARCHITECTURE.md. What is in none comes before all of them, except for addon.cc. */
const rooms = ["message", "poller", "environment", "context", "socket", "proxy"]
const lookingAhead = ["environment/environment.cc context/context_handle.h", "context/context.cc socket/socket.h"]

/** Checks that the files of native/ include only what comes before them. */
function checkRooms(files) {
  const place = (name) => (name === "addon.cc" ? rooms.length : rooms.indexOf(name.split("/")[0]))
  const wrong = files.flatMap((file) => {
    const name = path.relative("native", file).replaceAll(path.sep, "/")
    const included = [...readFileSync(inProject(file), "utf8").matchAll(/^#include "(.+)"/gm)].map(
      ([, header]) => header,
    )
    return included.filter((header) => place(header) > place(name)).map((header) => `${name} ${header}`)
  })
  const found = wrong.filter((pair) => !lookingAhead.includes(pair))
  if (found.length > 0)
    throw new Failure(`Includes in native/ run one way, as ARCHITECTURE.md says. Against it: ${found.join(", ")}`)
}

async function cpp(fix) {
  const missing = ["clang-format", "clang-tidy"].filter((tool) => !has(tool))
  if (missing.length > 0) {
    throw new Failure(`${missing.join(" and ")} not found. Install both: apt-get install clang-format clang-tidy`)
  }
  const files = native()
  checkRooms(files)
  await step("clang-format", "clang-format", [...(fix ? ["-i"] : ["--dry-run", "--Werror"]), ...files])
  const [{ defines }] = JSON.parse(readFileSync(inProject("native/addon.gypi"), "utf8")).targets
  // gyp expands the others.
  const constant = defines.filter((define) => !define.startsWith("<"))
  const system = [
    inProject("include"),
    ...(await libzmqFlags("include")),
    await nodeHeaders(),
    require("node-addon-api").include_dir,
  ]
  const flags = [
    ...["-std=c++17", "-Wall", "-Wextra", ...[...constant, "ZMQ_BUILD_DRAFT_API"].map((define) => `-D${define}`)],
    `-I${inProject("native")}`,
    ...system.flatMap((folder) => ["-isystem", folder.replaceAll('"', "")]),
  ]
  const units = files.filter((file) => file.endsWith(".cc"))
  const started = performance.now()
  say("clang-tidy", `${units.length} files (about half a minute)`)
  const tidy = (file) =>
    run("clang-tidy", "clang-tidy", ["--quiet", file, "--", ...flags], {
      log: inProject("build", `lint-${path.basename(file)}.log`),
    })
  await inParallel(units.map((file) => () => tidy(file)))
  say("clang-tidy", `ok (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}

await runMain(async (args) => {
  const unknown = args.find((arg) => !["--fix", "--help", "-h"].includes(arg))
  if (unknown !== undefined) throw new Failure(`Unknown option '${unknown}'. Run: npm run lint -- --help`)
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help)
    return
  }
  const fix = args.includes("--fix")
  await typescript(fix)
  await cpp(fix)
})
