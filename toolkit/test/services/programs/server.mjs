// A server for tests that kill it: `server.mjs ADDRESS` sends its address to its parent. SIGTERM drains it.

import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { Server } from "ohmq-toolkit/services"

const server = new Server({ heartbeat: 200 })
server.handle("double", { concurrency: 8, queue: 4 }, async (number) => {
  await wait(Math.random() * 10)
  return number * 2
})
server.handle("count", async function* (to) {
  for (let number = 0; number < to; number++) yield number
})
const bind = async () => {
  // The port of a server that was killed can be taken for a moment.
  for (;;) {
    try {
      return await server.bind(process.argv[2])
    } catch (error) {
      if (error.code !== "EADDRINUSE") throw error
      await wait(20)
    }
  }
}
process.on("SIGTERM", async () => {
  await server.drain()
  process.exit()
})
process.on("disconnect", () => process.exit())
process.send(await bind())
