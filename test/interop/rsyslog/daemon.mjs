// A private rsyslogd: its own configuration, pid file and work directory, ended by its pid.

import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

const programs = ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"]

const remedy = "Run: apt-get install rsyslog rsyslog-czmq"

/** The program, after it has accepted a configuration. */
function findRsyslogd(file) {
  const program = programs.find(existsSync)
  if (program === undefined) throw new Error(`rsyslogd is missing. ${remedy}`)
  const { status, stderr } = spawnSync(program, ["-N1", "-f", file], { encoding: "utf8" })
  if (status === 0) return program
  throw new Error(`${stderr}${stderr.includes("could not load module") ? remedy : ""}`)
}

/** What a function gives, once it no longer throws. */
export async function eventually(attempt) {
  for (const limit = performance.now() + 10_000; ; await sleep(5)) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > limit) throw error
    }
  }
}

/** The TCP ports on which a process listens. Linux only, as rsyslogd is here. */
function listeningPorts(pid) {
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
    .map(([, local]) => Number.parseInt(local.split(":")[1], 16))
}

/** The version, such as 8.2302.0. */
export const versionOf = () =>
  /\d+(\.\d+)+/.exec(spawnSync(programs.find(existsSync) ?? "rsyslogd", ["-v"], { encoding: "utf8" }).stdout ?? "")?.[0]

/**
 * Starts rsyslogd with a configuration and a folder to work in. `complaints` is what it has complained of, `endpoint` the address of
 * its one listening socket, when that is there.
 *
 * @param {string} folder
 * @param {string} configuration
 */
export async function startRsyslogd(folder, configuration) {
  const file = path.join(folder, "rsyslog.conf")
  const work = path.join(folder, "work")
  mkdirSync(work)
  writeFileSync(file, `global(workDirectory="${work}")\n${configuration}`)
  const child = spawn(findRsyslogd(file), ["-n", "-f", file, "-i", path.join(folder, "rsyslog.pid")], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text
    })
  }
  const ended = new Promise((resolve) => child.on("close", resolve))
  return {
    complaints: () => said,
    endpoint: () =>
      eventually(() => {
        if (said !== "" || child.exitCode !== null) throw new Error(`rsyslogd: ${said}`)
        const [port] = listeningPorts(child.pid)
        if (port === undefined) throw new Error("rsyslogd does not listen yet")
        return `tcp://127.0.0.1:${port}`
      }),
    async stop() {
      child.kill("SIGTERM")
      // omczmq as a server of CURVE does not end by itself.
      const timer = setTimeout(() => child.kill("SIGKILL"), 2000)
      await ended
      clearTimeout(timer)
    },
  }
}
