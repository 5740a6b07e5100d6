// Measures one contender once: starts its server and its processes, lets the producers run, counts what the consumer has acknowledged.

import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

import { startChild, temporaryFolder } from "../../../bench/lib/tidy.mjs"
import { eventually } from "./servers.mjs"

const program = fileURLToPath(new URL("program.mjs", import.meta.url))
let count = 0

/** A process of program.mjs. `ask` sends it an action; `next` resolves to its next answer of a kind. */
function startProgram(values, heard = () => {}) {
  const { child, ended, stop } = startChild(process.execPath, ["--no-warnings", program, JSON.stringify(values)], {
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  })
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said = `${said}${text}`.slice(-2000)
  })
  const waiting = new Map()
  child.on("message", (message) => {
    const [[kind, value]] = Object.entries(message)
    if (kind === "consumed") heard(value)
    else waiting.get(kind)(value)
  })
  const next = (kind) =>
    Promise.race([
      new Promise((resolve) => waiting.set(kind, resolve)),
      ended.then((status) => {
        throw new Error(`A process of the contender ended (${status}): ${said.trim()}`)
      }),
    ])
  const ask = (action, rest, kind) => {
    const answer = kind && next(kind)
    if (child.connected) child.send({ action, ...rest })
    return answer
  }
  return { ask, next, stop, ended }
}

/** Resolves to the rate, in events a second, and the times of acknowledgements in milliseconds. */
export async function measure(contender, { seconds, warmup, producers, size, backlog }) {
  const folder = join(temporaryFolder(), `measurement-${count++}`)
  mkdirSync(folder)
  const started = []
  const programs = []
  try {
    const server = await contender.start?.({ folder, started })
    const values = { peer: contender.peer, folder, producers, size, backlog, ...contender.values, ...server }
    let consumed = 0
    let load
    const startConsumer = async () => {
      const one = startProgram({ consumes: true, ...values }, (count) => {
        consumed = count
        load?.ask("heard", { count })
      })
      const given = await one.next("ready").catch(async (error) => {
        await one.stop()
        throw error
      })
      return { one, given }
    }
    const { one: reader, given } = await eventually(startConsumer)
    programs.push(reader)
    const writer = contender.together ? reader : startProgram({ consumes: false, ...values })
    if (writer !== reader) {
      programs.push(writer)
      await writer.next("ready")
    }
    await writer.ask("produce", { given }, "ready")
    load = writer
    load.ask("start")
    await sleep(warmup * 1000)
    load.ask("measure")
    const before = await reader.ask("mark", {}, "mark")
    await sleep(seconds * 1000)
    const after = await reader.ask("mark", {}, "mark")
    const { acknowledged, p50, p99 } = await load.ask("stop", {}, "stopped")
    const limit = performance.now() + 60_000
    while (consumed < acknowledged && performance.now() < limit) await sleep(10)
    // Producers stop once the last acknowledgement is there, so nothing else can be under way.
    if (consumed !== acknowledged)
      throw new Error(`${acknowledged} events were acknowledged, but ${consumed} were consumed`)
    for (const one of programs) {
      one.ask("close")
      await one.ended
    }
    return { rate: (after.consumed - before.consumed) / ((after.at - before.at) / 1000), p50, p99 }
  } finally {
    for (const { stop } of [...programs, ...started.reverse()]) await stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}
