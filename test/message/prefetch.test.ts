import { setTimeout as sleep } from "node:timers/promises"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, join, open, texts } from "../support/sockets.js"

/** Busy for so many milliseconds, as a consumer that computes is. */
function compute(duration: number) {
  const until = performance.now() + duration
  while (performance.now() < until) {}
}

/** How many of 100 tasks one puller gets while another one, with room for one, works on its first. */
async function otherShare(work: () => void | Promise<void>, warmUp: number): Promise<number> {
  const push = open(zmq.Push, { sendHighWaterMark: 1 })
  const slow = open(zmq.Pull, { receiveHighWaterMark: 1 })
  const fast = open(zmq.Pull, { receiveHighWaterMark: 1 })
  const endpoint = await join(push, slow, "inproc")
  for (let index = 0; index < warmUp; index += 1) {
    await push.send("warm-up")
    await slow.receive()
  }
  await push.send("first")
  await slow.receive()
  const working = work()
  fast.connect(endpoint)
  let got = 0
  const counting = (async () => {
    for await (const _ of fast) got += 1
  })()
  for (let index = 0; index < 100; index += 1) await push.send("task")
  await working
  while (fast.readable) await sleep(1)
  fast.close()
  await counting
  return got
}

describe("fetching ahead", () => {
  it("leaves to others what a worker that waits for something has not asked for", async () => {
    // Two stay in the slow worker's pipe, one on either side of it.
    expect(await otherShare(() => sleep(300), 0)).toBe(98)
  })

  it("does so after a fast beginning too", async () => {
    expect(await otherShare(() => sleep(300), 2000)).toBe(98)
  })

  it("takes no more than one message ahead with a high-water mark of one", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 1, sendTimeout: 0 })
    const pull = open(zmq.Pull, { receiveHighWaterMark: 1 })
    await join(push, pull, "inproc")
    // Over inproc, one message may wait on each side.
    const room = async () => {
      let sent = 0
      while (push.writable) {
        await push.send("x")
        sent += 1
      }
      return sent
    }
    expect(await room()).toBe(2)
    for (let round = 0; round < 100; round += 1) {
      await pull.receive()
      expect(await room()).toBeLessThanOrEqual(2)
    }
  })

  it("does not happen for a consumer that computes long over each message", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 1 })
    const pull = open(zmq.Pull, { receiveHighWaterMark: 100 })
    await join(push, pull, "inproc")
    while (push.writable) await push.send("x")
    // libzmq reports room to the sender once half of the 101 messages were taken.
    for (let index = 0; index < 45; index += 1) {
      await pull.receive()
      compute(2)
    }
    expect(push.writable).toBe(false)
    for (let index = 0; index < 10; index += 1) await pull.receive()
    expect(push.writable).toBe(true)
  })

  it("does not happen on Request and Reply", async () => {
    const reply = open(zmq.Reply)
    const request = open(zmq.Request)
    await join(reply, request, "inproc")
    for (let index = 0; index < 500; index += 1) {
      await request.send(String(index))
      expect(texts(await reply.receive())).toEqual([String(index)])
      expect((await failure(() => reply.receive())).code).toBe("EFSM")
      await reply.send("ok")
      await request.receive()
    }
  })

  it("does not happen with conflate, so that the last message is the last", async () => {
    const push = open(zmq.Push, { conflate: true })
    const pull = open(zmq.Pull, { conflate: true })
    await join(push, pull, "inproc")
    for (let round = 0; round < 50; round += 1) {
      for (let index = 0; index < 5; index += 1) await push.send(`${round}.${index}`)
      expect(texts(await pull.receive())).toEqual([`${round}.4`])
    }
  })

  it("loses nothing to a timeout, an abort, or the end of a loop", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 0 })
    const pull = open(zmq.Pull, { receiveHighWaterMark: 0 })
    await join(push, pull)
    const count = 5000
    const sending = (async () => {
      for (let index = 0; index < count; index += 1) await push.send(String(index))
    })()
    const seen: string[] = []
    while (seen.length < count) {
      for await (const message of pull) {
        seen.push(String(message))
        if (seen.length % 7 === 0 || seen.length === count) break
      }
      const controller = new AbortController()
      const aborted = pull.receive({ signal: controller.signal })
      controller.abort()
      await aborted.then(
        (message) => seen.push(String(message)),
        () => {},
      )
      await pull.receive({ timeout: 0 }).then(
        (message) => seen.push(String(message)),
        () => {},
      )
    }
    await sending
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => String(index)))
  })

  it("counts as readable", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, "inproc")
    const count = 100
    for (let index = 0; index < count; index += 1) await push.send(String(index))
    for (let index = 0; index < count; index += 1) {
      expect(pull.readable).toBe(true)
      expect(texts(await pull.receive())).toEqual([String(index)])
    }
    expect(pull.readable).toBe(false)
  })
})
