// Runs the two processes of one measurement. They print lines of JSON: the first one an "endpoint" for the second, and then each its
// "result", if it has one.

import { createInterface } from "node:readline"

import { startChild } from "./tidy.mjs"

const LIMIT = 180_000

function start({ command, env }, role, values) {
  const args = Object.entries(values).map(([name, value]) => `${name}=${value}`)
  const [file, ...first] = command()
  const { child, ended, stop } = startChild(file, [...first, role, ...args], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  })
  let stderr = ""
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text
  })
  // If the process has exited, stderr says why.
  child.stdin.on("error", () => {})
  const waiting = new Map()
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT)
  createInterface({ input: child.stdout }).on("line", (line) => {
    const printed = line.startsWith("{") ? JSON.parse(line) : {}
    for (const [name, value] of Object.entries(printed)) waiting.get(name)?.(value)
  })
  const hears = (name) =>
    new Promise((resolve, reject) => {
      waiting.set(name, resolve)
      ended.then((status) => {
        clearTimeout(timer)
        // By then, its last output was read.
        setImmediate(() => reject(new Error(`${role} ended with ${status} before its ${name}: ${stderr.trim()}`)))
      })
    })
  return {
    hears,
    tell: () => child.stdin.end("go\n"),
    stop,
  }
}

/**
 * Measures once. `roles` are the process that binds and the one that connects, or a single one. `measures` is the index of the one that
 * measures the time. A contender that is `alone` plays the other role itself.
 */
export async function measureOnce(contender, { roles, measures = 0 }, values) {
  if (contender.alone || roles.length === 1) {
    const only = start(contender, roles[measures], values)
    const measured = await only.hears("result")
    await only.stop()
    return measured
  }
  const first = start(contender, roles[0], values)
  let second
  try {
    const firstResult = first.hears("result")
    firstResult.catch(() => {})
    second = start(contender, roles[1], { ...values, endpoint: await first.hears("endpoint") })
    const secondResult = second.hears("result")
    secondResult.catch(() => {})
    if (measures === 1) return await secondResult
    const receiver = await Promise.race([firstResult, secondResult.then(() => firstResult)])
    second.tell()
    const sender = await secondResult
    return { ...receiver, senderCpu: sender.cpu, senderMessages: sender.messages, senderRss: sender.rss }
  } finally {
    await Promise.all([first.stop(), second?.stop()])
  }
}
