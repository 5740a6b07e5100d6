import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Running, run } from "../cli/commands.js"
import { gateConfig, gatePlace } from "../relay/gates.js"
import { linesOf, RelayProcess, temporaryFolder } from "../relay/support.js"

const rounds = Number(process.env.OHMQ_CRASH_ROUNDS ?? 2)

describe("ohmq gate, while the relay is killed with SIGKILL", () => {
  it("gets the decision, whenever the relay is killed, and asks once", {
    timeout: 60_000 + rounds * 60_000,
  }, async () => {
    const place = await gatePlace(temporaryFolder())
    const { folder, endpoint } = place
    const as = (name: string) => ["--to", endpoint, "--cert", `${name}.key_secret`, "--server-cert", "relay.key"]
    let relay = await RelayProcess.start(folder, gateConfig(place.source()))
    const answers: string[] = []
    for (let round = 0; round < rounds; round++) {
      const id = `r${round}`
      const job = new Running(folder, [
        "gate",
        "--request",
        "deploy.production",
        "--id",
        id,
        "--timeout",
        "60s",
        ...as("ci"),
      ])
      await job.says("asked for")
      await relay.end("SIGKILL")
      relay = await RelayProcess.start(folder)
      const word = round % 2 === 0 ? "allow" : "deny"
      const deciding = run(folder, ["gate", "decide", id, word, ...as("alice")])
      // At any moment of the decision.
      await new Promise((done) => setTimeout(done, Math.random() * 600))
      await relay.end("SIGKILL")
      relay = await RelayProcess.start(folder)
      expect(await deciding).toMatchObject({ code: 0 })
      expect(await job.end()).toMatchObject({ code: word === "allow" ? 0 : 1 })
      answers.push(word)
    }
    await relay.end("SIGKILL")
    relay = await RelayProcess.start(folder)
    for (const [round, word] of answers.entries()) {
      const again = await run(folder, ["gate", "--request", "deploy.production", "--id", `r${round}`, ...as("ci")])
      expect(again).toMatchObject({ code: word === "allow" ? 0 : 1, stderr: "" })
    }
    expect(await relay.end()).toBe(0)
    const events = linesOf(join(folder, "events.ndjson")).map(({ type, id }) => `${type} ${id}`)
    expect(new Set(events).size).toBe(events.length)
    expect(events.filter((event) => event.startsWith("gate.requested"))).toHaveLength(rounds)
    expect(events.filter((event) => event.startsWith("gate.decided"))).toHaveLength(rounds)
  })
})
