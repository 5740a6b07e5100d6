import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"

describe("draft sockets in two threads", () => {
  it("miss no message of 20,000 round trips, each of which waits on both sides", async () => {
    const worker = `
      const { Server } = require("ohmq/draft")
      const { parentPort } = require("node:worker_threads")
      const server = new Server()
      server.bindSync("inproc://echo")
      parentPort.postMessage("ready")
      ;(async () => {
        for await (const [message, options] of server) {
          if (String(message) === "end") break
          await server.send(message, options)
        }
        server.close()
      })()`
    const { status, stdout } = await runProgram(
      `import { Client } from "ohmq/draft"
       const worker = new threads.Worker(${JSON.stringify(worker)}, { eval: true, execArgv: ["--no-warnings"] })
       await new Promise((resolve) => worker.once("message", resolve))
       const client = new Client()
       client.connect("inproc://echo")
       let wrong = 0
       for (let index = 0; index < 20000; index++) {
         await client.send(index)
         if (Number((await client.receive())[0]) !== index) wrong += 1
       }
       await client.send("end")
       await new Promise((resolve) => worker.once("exit", resolve))
       console.log(wrong)`,
      { args: ["--no-warnings"] },
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: "0\n" })
  })
})
