// What the examples that start many programs have in common: a folder that is removed at the end, programs that are ended, and a list of checks.

import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import path from "node:path"
import { text } from "node:stream/consumers"
import { setTimeout as sleep } from "node:timers/promises"

const ohmqFolder = path.dirname(createRequire(import.meta.url).resolve("ohmq/package.json"))
const { bin } = createRequire(import.meta.url)("ohmq/package.json")

/** A program that runs in the background. */
class Program {
  #child
  #log
  #ended

  constructor(name, child, log) {
    this.name = name
    this.#child = child
    this.#log = log
    this.#ended = once(child, "exit")
    // A program that cannot be started is one that has ended.
    this.#ended.catch(() => {})
  }

  get pid() {
    return this.#child.pid
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it has written. */
  output() {
    return readFileSync(this.#log, "utf8")
  }

  lastLines() {
    return this.output().trimEnd().split("\n").slice(-10).join("\n")
  }

  /** Waits until it has written a text. Returns the line. */
  async says(text) {
    let line
    await until(`${this.name} says "${text}"`, () => {
      line = this.output()
        .split("\n")
        .find((one) => one.includes(text))
      if (line === undefined && !this.isRunning) throw new Error(`${this.name} has ended. It said:\n${this.output()}`)
      return line !== undefined
    })
    return line
  }

  signal(name) {
    this.#child.kill(name)
  }

  /** Waits for its end, and resolves to its exit code, or the signal that ended it. */
  async ended() {
    if (this.isRunning) await this.#ended
    return this.#child.exitCode ?? this.#child.signalCode
  }

  /** Asks it to end, and kills it if it does not. */
  async stop(signal = "SIGTERM") {
    if (!this.isRunning) return
    this.signal(signal)
    // One that was stopped (SIGSTOP) gets other signals only when it goes on.
    this.signal("SIGCONT")
    const timer = setTimeout(() => this.signal("SIGKILL"), 20_000)
    await this.ended()
    clearTimeout(timer)
  }
}

/** Waits until a condition holds. */
export async function until(what, condition, seconds = 120) {
  for (const end = Date.now() + seconds * 1000; !(await condition()); await sleep(50))
    if (Date.now() > end) throw new Error(`Waited ${seconds} s in vain until ${what}`)
}

/** A folder with a copy of an example, as on the machine of someone who has installed ohmq and ohmq-toolkit. */
export class Lab {
  #programs = []
  /** Those of `run`. */
  #running = new Set()
  #failed = 0
  #passed = 0
  #closing

  constructor(example) {
    const name = path.basename(example)
    this.folder = mkdtempSync(path.join(tmpdir(), `ohmq-${name}-`))
    cpSync(example, this.folder, { recursive: true, filter: (file) => path.basename(file) !== "node_modules" })
    const modules = this.path("node_modules")
    mkdirSync(modules)
    symlinkSync(ohmqFolder, path.join(modules, "ohmq"))
    symlinkSync(path.join(ohmqFolder, "toolkit"), path.join(modules, "ohmq-toolkit"))
    const command = path.join(modules, ".bin/ohmq")
    mkdirSync(path.dirname(command))
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${path.join(ohmqFolder, bin.ohmq)}' "$@"\n`)
    chmodSync(command, 0o755)
    this.env = {
      ...process.env,
      PATH: `${path.dirname(command)}:${path.dirname(process.execPath)}:${process.env.PATH}`,
    }
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ])
      process.once(signal, () => this.close().then(() => process.exit(code)))
  }

  path(...parts) {
    return path.join(this.folder, ...parts)
  }

  /** Makes certificates: NAME.key is public, NAME.key_secret is not. Each of `clients` is a folder with the public ones that are let in. */
  async certificates(names, clients) {
    await Promise.all(names.map((name) => this.run("ohmq", ["keys", "certificate", `${name}.key`, `name=${name}`])))
    for (const [folder, members] of Object.entries(clients)) {
      mkdirSync(this.path(folder), { recursive: true, mode: 0o700 })
      for (const name of members) cpSync(this.path(`${name}.key`), this.path(folder, `${name}.key`))
    }
  }

  /** Starts a program that runs until it is stopped, and prints its command line. What it writes goes to NAME.log. */
  start(name, commandLine) {
    const words = Array.isArray(commandLine) ? commandLine : commandLine.split(" ")
    console.log(`  $ ${words.join(" ")}`)
    const [command, ...args] = words
    const log = this.path(`${name}.log`)
    const file = openSync(log, "a")
    const child = spawn(command, args, {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", file, file],
    })
    closeSync(file)
    child.on("error", (error) => writeFileSync(log, `${error.message}\n`, { flag: "a" }))
    const program = new Program(name, child, log)
    this.#programs.push(program)
    return program
  }

  /** Runs a program to its end. It has a process group of its own, so that what it has started ends with it. */
  async run(command, args, { okCodes = [0] } = {}) {
    const options = { cwd: this.folder, env: this.env, stdio: ["ignore", "pipe", "pipe"], detached: true }
    const child = spawn(command, args, options)
    this.#running.add(child)
    try {
      const closed = once(child, "close")
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed])
      const code = child.exitCode ?? child.signalCode
      if (okCodes.includes(code)) return { code, stdout, stderr }
      throw new Error(`${command} ${args.join(" ")} ended with ${code}.\n${stdout}${stderr}`)
    } finally {
      this.#running.delete(child)
    }
  }

  /** Prints whether something that the example claims holds. */
  check(claim, holds) {
    if (holds) this.#passed++
    else this.#failed++
    console.log(`  ${holds ? "ok    " : "FAILED"}  ${claim}`)
  }

  /** Ends all programs, the last one first, and removes the folder. */
  close() {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close() {
    for (const { pid } of this.#running) {
      try {
        process.kill(-pid, "SIGTERM")
      } catch {
        // It has just ended.
      }
    }
    await until("all commands have ended", () => this.#running.size === 0)
    for (const program of this.#programs.reverse()) await program.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Runs an example in a lab of its own. The exit code is 0 if all that it claims holds. */
  static async run(example, body) {
    const lab = new Lab(example)
    try {
      await body(lab)
      console.log(`\n${lab.#passed} of ${lab.#passed + lab.#failed} claims hold.`)
      process.exitCode = lab.#failed === 0 ? 0 : 1
    } catch (error) {
      process.exitCode = 1
      // Whoever has interrupted it needs no reasons.
      if (lab.#closing !== undefined) return
      console.error(error.message)
      for (const program of lab.#programs) console.error(`\nThe last words of ${program.name}:\n${program.lastLines()}`)
    } finally {
      await lab.close()
    }
  }
}

/** The first line that a program prints about its version, or undefined if it is not installed. */
export function versionOf([command, ...args]) {
  return new Promise((resolve) =>
    execFile(command, [...args, "--version"], (error, stdout) => resolve(error ? undefined : stdout.split("\n", 1)[0])),
  )
}
