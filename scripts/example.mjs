// Runs an example, on a fresh clone too.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync } from "node:fs"
import { constants } from "node:os"

import { Failure, inProject, root, runMain } from "./lib/project.mjs"

const names = readdirSync(inProject("examples")).filter((name) => existsSync(program(name)))

const help = `Builds what is stale, then runs an example. Usage: npm run example -- NAME [ARGUMENTS]

Names: ${names.join(", ")}. examples/README.md says what each shows.
`

function program(name) {
  return inProject("examples", name, "start.mjs")
}

/** Runs a program of Node in this terminal. Resolves to its exit code. */
async function node(args, cwd) {
  const child = spawn(process.execPath, args, { cwd, stdio: "inherit" })
  // The child cleans up, and this process waits for that. Ctrl-C in a terminal goes to both.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal)
    })
  }
  const [code, signal] = await once(child, "close")
  return code ?? 128 + constants.signals[signal]
}

await runMain(async ([name, ...args]) => {
  if (name === undefined || name === "--help" || name === "-h") {
    process.stdout.write(help)
    return name === undefined ? 2 : 0
  }
  if (!names.includes(name))
    throw new Failure(`There is no example ${JSON.stringify(name)}. Names: ${names.join(", ")}`)
  const code = await node([inProject("scripts/setup.mjs"), `--example=${name}`], root)
  if (code !== 0) return code
  // npm runs this in the project's folder; INIT_CWD is the user's, to which paths in arguments are relative.
  return node([program(name), ...args], process.env.INIT_CWD)
})
