// The runtimes that ohmq is tried on, from packages/, which is installed when it is first needed.

import { spawn } from "node:child_process"
import { existsSync, mkdirSync, rmSync } from "node:fs"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import { runToEnd } from "../support/basics.mjs"

const folder = path.join(import.meta.dirname, "packages")
const modules = path.join(folder, "node_modules")
const at = (file) => path.join(modules, file)

/** The folder of a package of packages/. */
export const packageFolder = at

const nodeCollects = ["--expose-gc", "--no-warnings"]

/**
 * Each with its command, which takes a program and its arguments, and what is added to it for programs that call `gc()`.
 * The npm packages are for this platform alone.
 */
export const runtimes = [
  { name: "Node.js", command: [process.execPath], env: {}, collects: nodeCollects },
  { name: "Node.js, poll thread", command: [process.execPath], env: { OHMQ_POLLER: "thread" }, collects: nodeCollects },
  ...(process.platform === "linux" && process.arch === "x64" && !existsSync("/etc/alpine-release")
    ? [
        { name: "Node.js 22", command: [at("node22/bin/node")], env: {}, collects: nodeCollects },
        { name: "Node.js 24", command: [at("node24/bin/node")], env: {}, collects: nodeCollects },
        { name: "Node.js 26", command: [at("node26/bin/node")], env: {}, collects: nodeCollects },
        { name: "Bun", command: [at("@oven/bun-linux-x64/bin/bun")], env: {}, collects: ["--expose-gc"] },
        {
          name: "Deno",
          command: [at("@deno/linux-x64-glibc/deno"), "run", "-A", "--no-lock"],
          env: {},
          collects: ["--v8-flags=--expose-gc"],
        },
      ]
    : []),
]

/** Tools that are tried with a runtime of their own. */
const tools = ["@yao-pkg/pkg", "next", "react", "react-dom"]

const present = () =>
  runtimes.every(({ command: [file] }) => existsSync(file)) && tools.every((name) => existsSync(at(name)))

/** Installs what is missing. Several processes may call this at once: one does it, the others wait. */
export async function ensureRuntimes() {
  const lock = path.join(folder, ".installing")
  for (let waited = 0; !present(); waited += 1) {
    try {
      mkdirSync(lock)
    } catch {
      // Somebody else installs, or was killed when it did.
      if (waited > 3000) rmSync(lock, { recursive: true, force: true })
      await sleep(100)
      continue
    }
    try {
      if (!present()) await install()
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  }
}

async function install() {
  const child = spawn("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      said += text
    })
  }
  const status = await new Promise((resolve) => {
    child.on("error", resolve)
    child.on("close", resolve)
  })
  if (status !== 0) throw new Error(`npm ci in ${folder} failed (${status}): ${said.slice(-2000)}`)
  if (!present()) throw new Error(`npm ci in ${folder} brought not all that is needed`)
}

/**
 * Runs a program on a runtime to its end, or to its time's end.
 *
 * @param {{ command: string[], env: object }} runtime
 * @param {string[]} args
 */
export const runOn = ({ command: [file, ...first], env }, args, { timeout = 60_000 } = {}) =>
  runToEnd(file, [...first, ...args], { timeout, env: { ...process.env, NODE_OPTIONS: "", ...env } })

/** Runs the checks of a topic. Returns what has failed: names and why. */
export async function failedChecks(runtime, topic) {
  const { status, stdout, stderr } = await runOn(runtime, [path.join(import.meta.dirname, "run.mjs"), topic])
  const failed = {}
  let last
  let count = 0
  for (const line of stdout.split("\n").filter((text) => text.startsWith("{"))) {
    const { name, ended, error } = JSON.parse(line)
    last = ended ? undefined : name
    if (ended) count += 1
    if (error !== undefined) failed[name] = error
  }
  if (last !== undefined) failed[last] = `The process ended with ${status}: ${stderr.slice(-1000)}`
  else if (status !== 0 && Object.keys(failed).length === 0) failed.end = `Status ${status}: ${stderr.slice(-1000)}`
  return { count, failed }
}

/**
 * Runs a program of exit.mjs. Returns what it did if that is not what was to be, else undefined.
 *
 * @param {{ command: string[], env: object }} runtime
 * @param {string} name
 * @param {{ status?: number, stdout?: string, stderr?: RegExp, atLeast?: number, gone?: boolean }} expected With `gone`, it prints the
 * name of a file that must not be there afterwards.
 */
export async function wrongExit(runtime, name, { status = 0, stdout = "", stderr, atLeast = 0, gone = false }) {
  const told = await runOn(runtime, [path.join(import.meta.dirname, "exit.mjs"), name], { timeout: 15_000 })
  const right =
    told.status === status &&
    (gone ? told.stdout !== "" && !existsSync(told.stdout.trim()) : told.stdout === stdout) &&
    (stderr === undefined ? told.stderr === "" : stderr.test(told.stderr)) &&
    told.duration >= atLeast
  return right ? undefined : told
}
