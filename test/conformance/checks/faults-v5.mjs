// Faults of zeromq 6.8.0 in its v5-compat; numbered as in MIGRATING.md.

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
