// A link over a network that loses, delays and reorders packets, and is cut.

import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { openStore } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { appended, type End, startEnd } from "../link/ends.js"
import { networkFor } from "../link/lossy-network.js"
import { ids, opened, temporaryFolder } from "../link/support.js"

const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
/** How long the network is bad, and cut, in seconds. */
const bad = Number(process.env.OHMQ_BAD ?? 4)
const cut = Number(process.env.OHMQ_CUT ?? 3)

let asked = 0
async function storedBy(receiver: End): Promise<number> {
  const name = `stored${++asked}`
  receiver.say(name)
  return Number((await receiver.line(`${name} `)).split(" ")[1])
}

describe("a link over a bad network", () => {
  it(`loses nothing and stores each event once (seed ${seed})`, { timeout: 60_000 + (bad + cut) * 2000 }, async ({
    skip,
  }) => {
    const network = await networkFor("a bad network", seed, skip)
    const folders = { sender: temporaryFolder(), receiver: temporaryFolder() }
    const receiver = startEnd(["receiver", folders.receiver, "tcp://10.77.0.2:5570"], network.two)
    await receiver.line("port")
    const sender = startEnd(["sender", folders.sender, "tcp://10.77.0.2:5570"], network.one)
    await sender.line("ready")
    await wait(1000)
    const good = await storedBy(receiver)
    expect(good).toBeGreaterThan(0)

    network.set(0.1, 80, 40)
    await wait(bad * 1000)
    const lossy = await storedBy(receiver)
    network.set(1)
    await wait(cut * 1000)
    const before = await storedBy(receiver)
    network.set(0)
    const since = performance.now()
    while ((await storedBy(receiver)) <= before + 100) await wait(20)
    const recovery = performance.now() - since
    // TCP itself doubles its waits during a cut; a new connection does not have to wait for that.
    expect(recovery).toBeLessThan(10_000)

    sender.say("drain")
    await sender.line("drained")
    expect(receiver.lines.filter((line) => line.startsWith("gap"))).toEqual([])
    await sender.kill()
    await receiver.kill()
    const expected = await appended(await opened(folders.sender))
    const target = await openStore(folders.receiver)
    const found = await ids(target)
    await target.close()
    expect(found).toEqual(expected.valid)
    expect(expected.dead).toEqual(expected.invalid)
    console.log(
      `OHMQ_SEED=${seed}: ${good} events in 1 s, ${lossy - good} in ${bad} s of 10 % loss and 200 ms, ${found.length} in all; ` +
        `recovered ${Math.round(recovery)} ms after a cut of ${cut} s`,
    )
  })
})
