// Runs one step of a program.

import { spawn } from "node:child_process"
import path from "node:path"
import { fileURLToPath } from "node:url"

const jobs = path.join(path.dirname(fileURLToPath(import.meta.url)), "jobs")

/** Runs a command and returns its status and output. After `timeout` seconds it is killed, and the status says so. */
async function outcome(command, args, { timeout, ...options }) {
  // In its own process group, so that a test runner's children are killed with it.
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, ...options })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text
    })
  }
  let late = false
  const timer = setTimeout(() => {
    late = true
    process.kill(-child.pid, "SIGKILL")
  }, timeout * 1000)
  const status = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message))
    child.on("exit", (code, signal) => resolve(code ?? signal))
  })
  clearTimeout(timer)
  return { status: late ? `not finished after ${timeout} s` : status, output }
}

function commandOf(step, program, folder, python) {
  const { args = [] } = step
  if (step.bin) return [process.execPath, [path.join(folder, "node_modules/.bin", step.bin), ...args]]
  if (step.script) return [process.execPath, [path.join("node_modules", program.name, step.script), ...args]]
  const job = path.join(jobs, step.job)
  return [job.endsWith(".py") ? python : process.execPath, [job, ...args]]
}

/** `{passed, text, figures, tries, output}` of a step. */
export async function runStep(step, program, folder, python) {
  const [command, args] = commandOf(step, program, folder, python)
  const { attempts = 1, timeout = 60 } = step
  const options = {
    timeout,
    cwd: step.own ? path.join(folder, "own") : folder,
    env: { ...process.env, NODE_OPTIONS: "", PYTHON: python, FORCE_COLOR: "0", ...step.environment },
  }
  for (let tries = 1; ; tries++) {
    const { status, output } = await outcome(command, args, options)
    const passed = status === 0 && (step.expect === undefined || output.includes(step.expect))
    if (!passed && tries < attempts) continue
    const count = step.count?.exec(output)?.[1]
    const report = step.job && passed ? JSON.parse(output.split("\n").find((line) => line.startsWith("{"))) : undefined
    const text = count === undefined ? report?.done : `${count} ${step.unit ?? "tests"}`
    return { passed, status, text, figures: report?.figures, tries, output }
  }
}
