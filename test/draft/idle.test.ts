// A thread-safe socket that waits costs no processor time.

import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"

/** How much processor time a second of waiting takes at the most, in milliseconds. What spins takes the whole second. */
const LITTLE = 150

async function processorTime(program: string): Promise<number> {
  const { status, stdout } = await runProgram(
    `import * as draft from "ohmq/draft"
     ${program}
     await sleep(100)
     const before = process.cpuUsage()
     await sleep(1000)
     const { user, system } = process.cpuUsage(before)
     console.log((user + system) / 1000)
     process.exit(0)`,
    { args: ["--no-warnings"] },
  )
  expect(status).toBe(0)
  return Number(stdout)
}

const all = "Server Client Dish Gather Datagram Peer Channel".split(" ")

describe("costs no processor time:", () => {
  it("a receive that waits, on a socket of each type", async () => {
    const program = all.map((name) => `const ${name} = new draft.${name}(); ${name}.receive()`).join("\n")
    expect(await processorTime(program)).toBeLessThan(LITTLE)
  })

  it("a receive that waits again, after 200 round trips and looks at the state", async () => {
    expect(
      await processorTime(`
        const server = new draft.Server(), client = new draft.Client()
        await server.bind("tcp://127.0.0.1:*")
        client.connect(server.lastEndpoint)
        for (let index = 0; index < 200; index++) {
          const asked = server.receive()
          await client.send("question")
          client.readable
          const [question, options] = await asked
          const answered = client.receive()
          await server.send(question, options)
          server.readable
          await answered
        }
        server.receive(); client.receive()`),
    ).toBeLessThan(LITTLE)
  })

  it("a send that waits, and a receive beside it", async () => {
    expect(
      await processorTime(`
        const socket = new draft.Client(), scatter = new draft.Scatter(), channel = new draft.Channel()
        socket.send("x"); socket.receive(); scatter.send("x"); channel.send("x"); channel.receive()`),
    ).toBeLessThan(LITTLE)
  })

  it("messages that come and that nobody receives", async () => {
    expect(
      await processorTime(`
        const gather = new draft.Gather(), scatter = new draft.Scatter()
        await gather.bind("tcp://127.0.0.1:*")
        scatter.connect(gather.lastEndpoint)
        await scatter.send("first")
        await gather.receive()
        for (let index = 0; index < 500; index++) await scatter.send("x")`),
    ).toBeLessThan(LITTLE)
  })
})
