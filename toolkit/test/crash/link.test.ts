// Both ends through crashes, cuts and delays, against a reference of a few lines: what was appended is what is stored, in order, once.

import process from "node:process"
import { openStore } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { appended, type End, random, startEnd } from "../link/ends.js"
import { ids, opened, proxied, temporaryFolder } from "../link/support.js"

const steps = Number(process.env.OHMQ_STEPS ?? 20)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)

describe("a link between processes that are killed", () => {
  it(`stores each event once, in order (${steps} steps, seed ${seed})`, {
    timeout: 10_000 + 4_000 * steps,
  }, async () => {
    console.log(`OHMQ_SEED=${seed} OHMQ_STEPS=${steps}`)
    const next = random(seed)
    const pause = (most: number) => new Promise((resolve) => setTimeout(resolve, next() * most))
    const folders = { sender: temporaryFolder(), receiver: temporaryFolder() }
    let port = 0
    const proxy = await proxied(() => port)
    const counts = { sender: 0, receiver: 0, cut: 0, down: 0, delay: 0 }
    const senders: End[] = []
    const startReceiver = async (): Promise<End> => {
      const end = startEnd(["receiver", folders.receiver, "tcp://127.0.0.1:*"])
      port = Number((await end.line("port")).split(" ")[1])
      return end
    }
    const startSender = async (): Promise<End> => {
      const end = startEnd(["sender", folders.sender, proxy.endpoint])
      senders.push(end)
      await end.line("ready")
      return end
    }
    let [receiver, sender] = [await startReceiver(), await startSender()]
    for (let step = 0; step < steps; step++) {
      await pause(150)
      const choice = next()
      if (choice < 0.35) {
        counts.sender++
        await sender.kill()
        sender = await startSender()
      } else if (choice < 0.7) {
        counts.receiver++
        await receiver.kill()
        await pause(100)
        receiver = await startReceiver()
      } else if (choice < 0.85) {
        counts.cut++
        proxy.cut()
      } else if (choice < 0.92) {
        counts.down++
        proxy.isDown = true
        await pause(200)
        proxy.isDown = false
      } else {
        counts.delay++
        proxy.delay = next() < 0.5 ? 0 : next() * 40
      }
    }
    proxy.delay = 0
    sender.say("drain")
    await sender.line("drained")
    // A receiver that had acknowledged more than it has would make its sender say so.
    expect(senders.flatMap(({ lines }) => lines).filter((line) => /^(stopped|behind)/.test(line))).toEqual([])
    await sender.kill()
    await receiver.kill()
    const expected = await appended(await opened(folders.sender))
    const target = await openStore(folders.receiver)
    const found = await ids(target)
    await target.close()
    // The sender's store keeps what its other cursor has not passed: everything.
    expect(found.length).toBe(expected.valid.length)
    expect(found).toEqual(expected.valid)
    expect(expected.dead).toEqual(expected.invalid)
    console.log(`${found.length} events; ${JSON.stringify(counts)}`)
  })
})
