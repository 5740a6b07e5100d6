// The channel between a process and its child, with advanced serialization. This process starts the child itself.

import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"

import { arguments_, counter, measure, measureLoop, result, roundTrips } from "../lib/child.mjs"

const { role, number } = arguments_

const size = number("size", 10)
const warmup = number("warmup", 1000)
const count = number("count", 100_000)
const body = Buffer.alloc(size, "x")

function startChild(name) {
  const child = fork(fileURLToPath(import.meta.url), [name, ...process.argv.slice(3)], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  child.on("exit", (code, signal) => process.exit(code ?? signal ?? 1))
  return child
}

/** A promise for when more can be sent, or undefined if that is now. */
function send(message) {
  let written
  const ready = new Promise((resolve, reject) => {
    written = (error) => (error ? reject(error) : resolve())
  })
  return process.send(message, written) ? undefined : ready
}

const roles = {
  async sink() {
    const { take, seconds } = counter({ size, warmup, count })
    const used = measureLoop()
    const child = startChild("childSource")
    const sender = new Promise((resolve) => {
      child.on("message", (message) => {
        if (message instanceof Uint8Array) take(message)
        else resolve(message)
      })
    })
    const measured = { seconds: await seconds, messages: count, ...used() }
    const { cpu, rss, messages } = await sender
    result({ ...measured, senderCpu: cpu, senderRss: rss, senderMessages: messages })
    process.exit()
  },

  async childSource() {
    process.on("disconnect", () => process.exit())
    const messages = warmup + count
    const used = measure()
    for (let sent = 0; sent < messages; sent += 1) {
      const ready = send(body)
      if (ready !== undefined) await ready
    }
    await send({ messages, ...used() })
  },

  async client() {
    const child = startChild("childServer")
    let resolveAnswer
    child.on("message", (message) => resolveAnswer(message))
    const ask = () =>
      new Promise((resolve) => {
        resolveAnswer = resolve
        child.send(body)
      })
    result(await roundTrips({ warmup, count }, ask))
    process.exit()
  },

  async childServer() {
    process.on("message", (message) => process.send(message))
  },
}

await roles[role]()
