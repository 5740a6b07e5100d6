// A private rsyslogd: its own configuration, pid file and work directory, ended by its pid.

import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { onTestFinished } from "vitest"

import { runCommand } from "../../support/process.js"
import { eventually } from "../../support/sockets.js"

const programs = ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"]

const remedy = "Run: apt-get install rsyslog rsyslog-czmq"

/** The program, after it has accepted a configuration. */
async function findRsyslogd(file: string): Promise<string> {
  const program = programs.find(existsSync)
  if (program === undefined) throw new Error(`rsyslogd is missing. ${remedy}`)
  const { status, stderr } = await runCommand(program, ["-N1", "-f", file])
  if (status === 0) return program
  throw new Error(`${stderr}${stderr.includes("could not load module") ? remedy : ""}`)
}

/** The TCP ports on which a process listens. Linux only, as rsyslogd is here. */
function listeningPorts(pid: number): number[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ""
    }
  })
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  return readFileSync(`/proc/${pid}/net/tcp`, "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === "0A" && inode !== undefined && inodes.has(inode))
    .map(([, local = ""]) => Number.parseInt(local.split(":")[1] as string, 16))
}

export interface Daemon {
  /** What it has complained of. */
  complaints(): string
  /** The address of its one listening socket, when it is there. */
  endpoint(): Promise<string>
}

/** Starts rsyslogd with a configuration and a folder to work in. It is ended when the test is over. */
export async function startRsyslogd(folder: string, configuration: string): Promise<Daemon> {
  const file = path.join(folder, "rsyslog.conf")
  const work = path.join(folder, "work")
  mkdirSync(work)
  writeFileSync(file, `global(workDirectory="${work}")\n${configuration}`)
  const child = spawn(await findRsyslogd(file), ["-n", "-f", file, "-i", path.join(folder, "rsyslog.pid")], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text
    })
  }
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => resolve())
  })
  onTestFinished(async () => {
    child.kill("SIGTERM")
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000)
    await ended
    clearTimeout(timer)
  })
  return {
    complaints: () => said,
    endpoint: () =>
      eventually(() => {
        if (said !== "" || child.exitCode !== null) throw new Error(`rsyslogd: ${said}`)
        const [port] = listeningPorts(child.pid as number)
        if (port === undefined) throw new Error("rsyslogd does not listen yet")
        return `tcp://127.0.0.1:${port}`
      }),
  }
}
