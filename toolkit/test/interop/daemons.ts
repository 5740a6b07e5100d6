// Other programs that talk to a relay: each with a folder and ports of its own, ended after the test.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { onTestFinished } from "vitest"
import { temporaryFolder, until } from "../relay/support.js"

/** A program that runs until the test is over. Throws, with what it has said, if it ends before. */
export class Daemon {
  readonly #child: ChildProcess
  #said = ""

  constructor(program: string, args: string[], env: Record<string, string> = {}) {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text
      })
    child.on("error", ({ message }) => {
      this.#said += message
    })
    onTestFinished(() => this.end())
  }

  get said(): string {
    return this.#said
  }

  /** Waits until a condition holds. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    await until(async () => {
      const { pid, exitCode, signalCode } = this.#child
      if (pid === undefined || exitCode !== null || signalCode !== null)
        throw new Error(`The program has ended. It said: ${this.#said}`)
      return await condition()
    })
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    const ended = once(this.#child, "exit")
    this.#child.kill(signal)
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000)
    await ended
    clearTimeout(timer)
  }
}

/** Whether something listens on a port of TCP. */
export function isListening(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}

/** An rsyslogd with a configuration (Debian's package rsyslog). `port` is one on which it listens. */
export async function rsyslogd(config: string, port: number): Promise<Daemon> {
  const folder = temporaryFolder()
  const file = join(folder, "rsyslog.conf")
  writeFileSync(file, `global(workDirectory="${folder}")\n${config}\n`)
  const daemon = new Daemon("rsyslogd", ["-n", "-f", file, "-i", join(folder, "pid")])
  await daemon.until(() => isListening(port))
  return daemon
}

/**
 * A syslog-ng with a configuration. Debian does not install it beside rsyslog: its package syslog-ng-core can be unpacked with dpkg-deb, and
 * the folder named by the environment variable SYSLOG_NG.
 */
export async function syslogNg(config: string, port: number): Promise<Daemon> {
  const root = process.env.SYSLOG_NG
  const program = root === undefined ? "syslog-ng" : join(root, "usr/sbin/syslog-ng")
  if (root !== undefined && !existsSync(program)) throw new Error(`${program} is not there: unpack syslog-ng-core`)
  const folder = temporaryFolder()
  const file = join(folder, "syslog-ng.conf")
  writeFileSync(file, `@version: 3.38\n${config}\n`)
  const paths = ["persist", "pid", "control"].map((name) => join(folder, name)) as [string, string, string]
  const args = ["-F", "-f", file, "-R", paths[0], "-p", paths[1], "-c", paths[2], "--no-caps"]
  const modules = root === undefined ? [] : ["--module-path", join(root, "usr/lib/syslog-ng/3.38")]
  const libraries = root === undefined ? {} : { LD_LIBRARY_PATH: join(root, "usr/lib/syslog-ng") }
  const daemon = new Daemon(program, [...args, ...modules], libraries)
  await daemon.until(() => isListening(port))
  return daemon
}
