// v5-compat: faults of zeromq 6.8.0, numbered as in MIGRATING.md, and what both packages do.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"

export const checks = new Checks(3)
const { add } = checks

// --- 17
add("monitor() after unmonitor() gives events again", async (_, t) => {
  const { stdout } = await t.program(`
    const { socket } = require("${t.packageName}/v5-compat")
    const pull = socket("pull")
    const bound = () => new Promise((resolve) => pull.once("listen", resolve))
    ;(async () => {
      pull.monitor()
      let told = bound()
      pull.bindSync("tcp://127.0.0.1:*")
      await told
      pull.unmonitor()
      await sleep(50)
      pull.monitor()
      told = bound()
      pull.bindSync("tcp://127.0.0.1:*")
      await told
      console.log("told")
      process.exit(0)
    })()
    setTimeout(() => process.exit(0), 2000)`)
  assert.equal(stdout, "told\n")
})

// Each program logs what happens, and ends after the last of `count` entries.
const logs = async (t, count, program) => {
  const { status, stdout } = await t.program(`
    const { socket } = require("${t.packageName}/v5-compat")
    const log = (text) => {
      console.log(text)
      if (--left === 0) process.exit(0)
    }
    let left = ${count}
    ;(async () => {${program}})()
    setTimeout(() => process.exit(1), 5000)`)
  assert.equal(status, 0, stdout)
  return stdout.trim().split("\n")
}
const pipeline = `
  const [push, pull] = [socket("push"), socket("pull")]
  await new Promise((resolve) => pull.bind("inproc://pipeline", resolve))
  push.connect("inproc://pipeline")`
add("a send calls back before a listener that was just added gets the message over inproc", async (_, t) => {
  const told = await logs(
    t,
    2,
    `${pipeline}
    pull.on("message", (message) => log("got " + message))
    push.send("a", 0, () => log("sent a"))`,
  )
  assert.deepEqual(told, ["sent a", "got a"])
})
add("sends call back before a waiting listener gets the messages over inproc", async (_, t) => {
  const told = await logs(
    t,
    4,
    `${pipeline}
    pull.on("message", (message) => log("got " + message))
    await sleep(50)
    for (const text of ["a", "b"]) push.send(text, 0, () => log("sent " + text))`,
  )
  assert.deepEqual(told, ["sent a", "sent b", "got a", "got b"])
})
add("a send from a listener calls back before the next message is emitted over inproc", async (_, t) => {
  const told = await logs(
    t,
    4,
    `${pipeline}
    pull.on("message", (message) => {
      log("got " + message)
      if (String(message) === "a") push.send("b", 0, () => log("sent b"))
    })
    await sleep(50)
    push.send("a", 0, () => log("sent a"))`,
  )
  assert.deepEqual(told, ["sent a", "got a", "sent b", "got b"])
})
add("requests and replies call back before they are emitted over inproc", async (_, t) => {
  const told = await logs(
    t,
    4,
    `
    const [request, reply] = [socket("req"), socket("rep")]
    await new Promise((resolve) => reply.bind("inproc://requests", resolve))
    request.connect("inproc://requests")
    reply.on("message", (message) => {
      log("got " + message)
      reply.send("answer", 0, () => log("sent answer"))
    })
    request.on("message", (message) => log("got " + message))
    request.send("question", 0, () => log("sent question"))`,
  )
  assert.deepEqual(told, ["sent question", "got question", "sent answer", "got answer"])
})
