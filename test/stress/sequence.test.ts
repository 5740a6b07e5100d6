// Numbered messages at full speed: none lost, none twice, none out of order. OHMQ_STRESS says how many (20,000,000 take
// some minutes: npm run stress).

import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { transports } from "../support/sockets.js"

const count = Number(process.env.OHMQ_STRESS ?? 300_000)

/** Both directions of each way to send and receive: what a sender and a receiver do, given `push`, `pull` and `count`. */
const ways = {
  "send and for await": [
    `for (let n = 0; n < count; n += 1) await push.send(number(n))`,
    `for await (const message of pull) if (check(message)) break`,
  ],
  "send and receive": [
    `for (let n = 0; n < count; n += 1) await push.send(number(n))`,
    `while (!check(await pull.receive()));`,
  ],
  "strings of several parts": [
    `for (let n = 0; n < count; n += 1) await push.send([String(n), "", "tail"])`,
    `for await (const [text, , tail] of pull) if (check([number(Number(text))]) || String(tail) !== "tail") break`,
  ],
  "sendMany and batches": [
    `for (let n = 0; n < count; ) {
       const messages = []
       for (const end = Math.min(count, n + 256); n < end; n += 1) messages.push(number(n))
       await push.sendMany(messages)
     }`,
    `for await (const messages of pull.batches()) if (messages.some(check)) break`,
  ],
  "trySend and tryReceive": [
    `for (let n = 0; n < count; ) if (push.trySend(number(n))) n += 1; else await turn()`,
    `for (let done = false; !done; ) { const message = pull.tryReceive(); if (message) done = check(message); else await turn() }`,
  ],
  "messages of many sizes": [
    `for (let n = 0; n < count; n += 1) await push.send([number(n), filler.subarray(0, (n * 7919) % 3000)])`,
    `for await (const message of pull) {
       const [head, body] = message
       if (body.length !== (expected * 7919) % 3000 || (body.length > 0 && body[body.length - 1] !== 120)) throw new Error("bad body at " + expected)
       if (check(message)) break
     }`,
  ],
}

describe.each(transports)("over %s", (transport) => {
  it.each(Object.entries(ways))(
    "%s: each message arrives once and in order",
    async (name, [send, receive]) => {
      const wanted = name === "messages of many sizes" ? Math.ceil(count / 10) : count
      const { status, stdout, stderr } = await runProgram(
        `
        import { rmSync } from "node:fs"
        import { tmpdir } from "node:os"
        const count = ${wanted}
        const turn = () => new Promise(setImmediate)
        const filler = Buffer.alloc(3000, "x")
        function number(n) { const bytes = Buffer.allocUnsafe(8); bytes.writeDoubleLE(n); return bytes }
        let expected = 0
        function check([bytes]) {
          const n = bytes.readDoubleLE()
          if (n !== expected) throw new Error("expected " + expected + ", got " + n)
          expected += 1
          return expected === count
        }
        const file = tmpdir() + "/ohmq-stress-" + process.pid
        const pull = new zmq.Pull()
        await pull.bind({ tcp: "tcp://127.0.0.1:*", ipc: "ipc://" + file, inproc: "inproc://stress" }[${JSON.stringify(transport)}])
        const push = new zmq.Push()
        push.connect(pull.lastEndpoint)
        await Promise.all([(async () => { ${send} })(), (async () => { ${receive} })()])
        console.log(expected, pull.tryReceive())
        push.close(); pull.close()
        rmSync(file, { force: true })`,
        { timeout: 60_000 + wanted / 20 },
      )
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${wanted} undefined\n`, stderr: "" })
    },
    90_000 + count / 20,
  )
})
