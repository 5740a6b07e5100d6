import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"

/** Runs a program that ends with `check(name, condition)` calls, all of which must hold. */
async function holds(program: string) {
  const { status, stdout, stderr } = await runProgram(`
    const check = (name, condition) => { if (!condition) { console.log("failed:", name); process.exitCode = 1 } }
    const collect = async () => { for (let i = 0; i < 6; i++) { gc(); await sleep(20) } }
    const rss = () => process.memoryUsage().rss / 2 ** 20
    ${program}`)
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" })
}

describe("garbage collection", () => {
  it("frees large buffers once they are sent", () =>
    holds(`
      const push = new zmq.Push(), pull = new zmq.Pull()
      await push.bind("tcp://127.0.0.1:*"); pull.connect(push.lastEndpoint)
      let live = 0
      const registry = new FinalizationRegistry(() => { live -= 1 })
      await (async () => {
        for (let i = 0; i < 100; i++) {
          const buffer = Buffer.alloc(100000, i)
          registry.register(buffer); live += 1
          await push.send(buffer); await pull.receive()
        }
      })()
      for (let i = 0; i < 20 && live > 5; i++) await collect()
      check("buffers " + live, live <= 5)
      push.close(); pull.close()`))

  it("keeps large buffers until they are sent", () =>
    holds(`
      const push = new zmq.Push({ linger: 0 }), pull = new zmq.Pull()
      await push.bind("inproc://late")
      const sent = (async () => { for (let i = 0; i < 50; i++) await push.send(Buffer.alloc(50000, i)) })()
      await collect()
      pull.connect("inproc://late")
      for (let i = 0; i < 50; i++) {
        const [part] = await pull.receive()
        if (i % 10 === 0) await collect()
        check("message " + i, part.equals(Buffer.alloc(50000, i)))
      }
      await sent
      push.close(); pull.close()`))

  it("keeps received messages intact after their sockets and their neighbours are gone", () =>
    holds(`
      const kept = await (async () => {
        const push = new zmq.Push(), pull = new zmq.Pull()
        await push.bind("inproc://kept"); pull.connect("inproc://kept")
        const kept = []
        for (let i = 0; i < 3000; i++) {
          await push.send(Buffer.alloc(i % 2000, i))
          const message = await pull.receive()
          if (i % 100 === 99) kept.push([i, message[0]])
        }
        push.close(); pull.close()
        return kept
      })()
      await collect()
      for (const [i, part] of kept) check("message " + i, part.equals(Buffer.alloc(i % 2000, i)))`))

  it("keeps memory flat over many messages of many sizes", () =>
    holds(`
      const push = new zmq.Push(), pull = new zmq.Pull()
      await push.bind("inproc://flat"); pull.connect("inproc://flat")
      const sizes = [10, 100, 1000, 2000, 70000].map((size) => Buffer.alloc(size, "x"))
      const run = async (count) => {
        for (let i = 0; i < count; i++) { await push.send(sizes[i % sizes.length]); await pull.receive() }
      }
      await run(30000); await collect()
      const before = rss()
      await run(100000); await collect()
      check("grew by " + (rss() - before) + " MiB", rss() - before < 40)
      push.close(); pull.close()`))
})
