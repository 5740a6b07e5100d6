// Runs all programs, or the named ones, with a package, and prints their results: node run.mjs PACKAGE [NAME ...]

import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createRequire } from "node:module"
import { setTimeout as sleep } from "node:timers/promises"

import { checks } from "./checks.mjs"

const [packageName, ...names] = process.argv.slice(2)
const zmq = createRequire(import.meta.url)(packageName)
const theirs = packageName.startsWith("zeromq")

/** The uncaught errors while a program ran. */
let loose = []
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, (error) => loose.push(`${event}: ${error.message}`))
}
process.removeAllListeners("warning")

/** Helpers for the programs: sockets that are closed afterwards, and ways to wait. */
function tools() {
  const sockets = []
  const socket = (type, options) => {
    const created = zmq.createSocket(type, options)
    sockets.push(created)
    return created
  }
  const until = async (condition) => {
    while (!condition()) await sleep(2)
  }
  return {
    socket,
    until,
    sleep,
    once,
    loose: () => loose,
    inproc: () => `inproc://${randomUUID()}`,
    /** Two sockets, connected; the first is bound. */
    pair(bound, connected, address = "tcp://127.0.0.1:*") {
      const first = socket(bound)
      const second = socket(connected)
      first.bindSync(address)
      second.connect(first.last_endpoint)
      return [first, second]
    },
    /** Collects the messages of a socket as text. */
    messages(from) {
      const list = []
      from.on("message", (...parts) => list.push(parts.map(String)))
      return list
    },
    close() {
      for (const one of sockets) {
        one.on("error", () => {})
        if (one.closed) continue
        try {
          one.linger = 0
        } catch {}
        one.close()
      }
    },
  }
}

const plain = (value) => JSON.parse(JSON.stringify(value === undefined ? "undefined" : value))

async function result(check) {
  loose = []
  const given = tools()
  let timer
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, 1500, "timed out")
  })
  try {
    const value = await Promise.race([check.run(zmq, given), timeout])
    return plain(value)
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`
  } finally {
    clearTimeout(timer)
    given.close()
  }
}

const results = {}
for (const check of checks) {
  if ((theirs && check.hangs) || (names.length > 0 && !names.includes(check.name))) continue
  results[check.name] = await result(check)
}
process.stdout.write(JSON.stringify(results), () => process.exit(0))
