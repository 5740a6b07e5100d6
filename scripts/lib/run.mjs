// Runs programs quietly, with a log, and with progress if they take long.

import { spawn, spawnSync } from "node:child_process"
import { createWriteStream, mkdirSync } from "node:fs"
import path from "node:path"

import { Failure, root, say } from "./project.mjs"

/** The trimmed output of a short command; undefined if it fails or does not exist. */
export function output(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: "utf8", cwd: root, ...options })
  return result.status === 0 ? result.stdout.trim() : undefined
}

/** Whether a command can be started. */
export const has = (command, args = ["--version"]) => spawnSync(command, args, { stdio: "ignore" }).error === undefined

/**
 * Runs a command and writes its output to a log file. `progress` maps a line of output to a percentage to show, or to undefined. A failure
 * shows the beginning and the end of the log.
 */
export async function run(topic, command, args, { log, progress, ...options }) {
  mkdirSync(path.dirname(log), { recursive: true })
  const file = createWriteStream(log)
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options })
  const head = []
  const tail = []
  let shown = -1
  const show = (percent) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${topic}: ${percent} %`)
    else if (percent >= shown + 20 || percent === 100) say(topic, `${percent} %`)
    else return
    shown = percent
  }
  const take = (line) => {
    if (head.length < 20) head.push(line)
    else tail.push(line)
    if (tail.length > 30) tail.shift()
    const percent = progress?.(line)
    if (percent !== undefined && percent > shown) show(percent)
  }
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ""
    stream.setEncoding("utf8").on("data", (text) => {
      file.write(text)
      const lines = (rest + text).split("\n")
      rest = lines.pop()
      lines.forEach(take)
    })
  }
  const status = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message))
    child.on("close", (code, signal) => resolve(code ?? signal))
  })
  file.end()
  if (shown >= 0 && process.stderr.isTTY) process.stderr.write("\n")
  if (status === 0) return
  throw new Failure(
    `${topic}: '${command} ${args.join(" ")}' failed (${status}).\n\n${[...head, "…", ...tail].join("\n")}\n\nThe full output is in ${path.relative(process.cwd(), log)}.`,
  )
}
