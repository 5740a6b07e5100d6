// The draft sockets: faults of zeromq 6.8.0, numbered as in MIGRATING.md, and what both packages do.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"

export const checks = new Checks(1)
const { add } = checks

// --- 7
for (const name of ["Server", "Client", "Dish", "Gather"]) {
  add(`a ${name} with a pending receive costs no processor time`, async (_, t) => {
    const { status, stdout } = await t.program(`
      process.removeAllListeners("warning"); process.on("warning", () => {})
      const draft = require("${t.packageName}/draft")
      const socket = new draft.${name}();
      (async () => {
        await socket.bind("tcp://127.0.0.1:*")
        socket.receive().catch(() => {})
        await sleep(50)
        const before = process.cpuUsage()
        await sleep(400)
        const { user, system } = process.cpuUsage(before)
        console.log((user + system) / 1000)
        process.exit(0)
      })()`)
    assert.equal(status, 0)
    assert.ok(Number(stdout) < 40, `It took ${stdout.trim()} ms of 400`)
  })
}

add("a group ends at its first zero byte", async (_, t) => {
  const { status, stdout } = await t.program(`
    const { Radio, Dish } = require("${t.packageName}/draft")
    const [radio, dish] = [new Radio(), new Dish()]
    ;(async () => {
      radio.bindSync("inproc://groups")
      dish.connect("inproc://groups")
      dish.join("ab\\0cd")
      await sleep(100)
      await radio.send("1", { group: "ab\\0xy" })
      await radio.send("2", { group: Buffer.from("ab\\0zz") })
      await radio.send("3", { group: "ab" })
      for (let count = 0; count < 3; count += 1) {
        const [part, { group }] = await dish.receive()
        console.log(String(part), String(group))
      }
      dish.leave("ab")
      process.exit(0)
    })()
    setTimeout(() => process.exit(1), 5000)`)
  assert.deepEqual({ status, stdout }, { status: 0, stdout: "1 ab\n2 ab\n3 ab\n" })
})
