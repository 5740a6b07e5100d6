// A process that an error ends while sockets of several copies wait.

import { test } from "./adapter.js"
import { load } from "./load.js"

await test("it throws while sockets of two copies wait", () => {
  for (const { Pull, Push } of [load(), load(), load()]) {
    new Pull().receive()
    new Push().send("x")
  }
})
throw new Error("thrown")
