// Runs published programs with zeromq and with ohmq, and writes docs/real-programs.md.

import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { parseArgs } from "node:util"
import { Failure, runMain, say } from "./lib/project.mjs"
import { output } from "./lib/run.mjs"
import { writePage } from "./pages/generated.mjs"
import { programs } from "./real-programs/programs.mjs"
import { install, pack, zeromq } from "./real-programs/project.mjs"
import { line, markdown } from "./real-programs/report.mjs"
import { runStep } from "./real-programs/step.mjs"

const help = `Runs published packages that depend on zeromq, with zeromq and with ohmq. Usage: npm run real-programs [-- options]

  --only TEXT     programs whose name contains TEXT; may be given several times
  --package FILE  a tarball of ohmq to use instead of packing this project
  --keep          keeps the temporary projects
  --help          show this

Without --only, it writes docs/real-programs.md. The exit status is 1 if anything fails with ohmq. Needs the npm registry, and
Python with pyzmq, ipykernel and jupyter_client: apt-get install python3-zmq python3-ipykernel python3-jupyter-client
(Set PYTHON to use another Python.)
`

/** The first Python with the required packages. */
function findPython() {
  const candidates = process.env.PYTHON ? [process.env.PYTHON] : ["python3", "/usr/bin/python3"]
  const wanted = "import zmq, ipykernel, jupyter_client; print(zmq.zmq_version())"
  for (const command of candidates) {
    const version = output(command, ["-c", wanted])
    if (version !== undefined) return { command, version }
  }
  throw new Failure(
    `${candidates.join(" and ")}: pyzmq, ipykernel and jupyter_client are not all installed. See --help.`,
  )
}

async function runProgram(program, contenders, folder, python) {
  const results = program.steps.map(({ name }) => ({ name }))
  for (const contender of contenders) {
    const project = path.join(folder, program.name.replace("/", "-"), contender.name)
    await install(program, contender, project)
    for (const [index, step] of program.steps.entries()) {
      const result = await runStep(step, program, project, python)
      results[index][contender.name] = result
      process.stdout.write(line(program.name, step.name, contender.name, result))
      if (!result.passed) say(`${program.name}, ${step.name}`, `end of its output:\n${result.output.slice(-2000)}`)
    }
  }
  return { program, steps: results }
}

async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", multiple: true },
      package: { type: "string" },
      keep: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const chosen = programs.filter(({ name }) => !values.only || values.only.some((text) => name.includes(text)))
  if (chosen.length === 0)
    throw new Failure(`No program matches --only. Known programs: ${programs.map(({ name }) => name).join(", ")}.`)
  const python = findPython()
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), "ohmq-real-programs-"))
  say("projects", folder)
  try {
    const tarball = values.package ? path.resolve(values.package) : await pack(folder)
    const ohmq = { name: "ohmq", alias: "ohmq", spec: `file:${tarball}` }
    const results = []
    for (const program of chosen) results.push(await runProgram(program, [zeromq, ohmq], folder, python.command))
    const steps = results.flatMap((result) => result.steps)
    const failed = steps.filter((step) => !step.ohmq.passed).length
    process.stdout.write(`${steps.length - failed} passed, ${failed} failed\n`)
    if (!values.only) {
      const versions = `Node.js ${process.versions.node}, ${process.platform} ${process.arch}, libzmq ${python.version} in Python`
      const date = new Date().toISOString().slice(0, 10)
      writePage("docs/real-programs.md", "npm run real-programs", markdown(results, { versions, date }))
    }
    return failed === 0 ? 0 : 1
  } finally {
    if (!values.keep) rmSync(folder, { recursive: true, force: true })
  }
}

await runMain(main)
