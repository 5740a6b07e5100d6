// Faults of zeromq 6.8.0 in its draft sockets; numbered as in MIGRATING.md.

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
