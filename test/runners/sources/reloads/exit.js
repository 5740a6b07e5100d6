// A process that exits while sockets of several copies wait.

import { test } from "./adapter.js"
import { load } from "./load.js"

await test("it exits while sockets of two copies wait", async () => {
  for (const { Pull, Push } of [load(), load(), load()]) {
    new Pull().receive()
    new Push().send("x")
    const pull = new Pull()
    await pull.bind("tcp://127.0.0.1:*")
    pull.events.on("accept", () => {})
  }
})
process.exit(3)
