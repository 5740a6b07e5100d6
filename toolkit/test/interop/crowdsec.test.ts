// CrowdSec reads the log of an sshd and decides, and a responder blocks by nftables: with the files of examples/soar/crowdsec. Needs Debian's
// package crowdsec, unpacked (see crowdsec.ts), nftables and root.

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { describe, expect, it, onTestFinished } from "vitest"
import { freePort, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { firewall } from "../respond/firewall.js"
import { type Entry, endsOf, entriesOf } from "../respond/support.js"
import { crowdSec, example } from "./crowdsec.js"

const token = "f0b1c2d3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f6071"
const attacker = "203.0.113.9"
/** In `protect` of the rules. */
const nameServer = "198.51.100.53"

const ofType = (folder: string, type: string): Entry[] => entriesOf(folder).filter((entry) => entry.type === type)

const stored = 'ohmq_relay_events_in_total{source="crowdsec"}'
const duplicate = 'ohmq_relay_events_duplicate_total{source="crowdsec"}'
const badSecret = 'ohmq_relay_events_refused_total{source="crowdsec",reason="signature"}'

/** A folder with the rules of the example, for a firewall of its own, at a port. */
function rulesFolder(inside: readonly string[], port: number): string {
  const folder = temporaryFolder()
  const rules = example("rules.yaml")
    .replace("127.0.0.1:8081", `127.0.0.1:${port}`)
    .replaceAll("command: [nft,", `command: [${inside.join(", ")}, nft,`)
  writeFileSync(join(folder, "rules.yaml"), rules)
  writeFileSync(join(folder, "alerts.token"), `${token}\n`, { mode: 0o600 })
  return folder
}

const startResponder = (folder: string) => RelayProcess.start(folder, undefined, "respond")

describe("CrowdSec", () => {
  it("has what it bans blocked by nftables, once, also if the responder was away, and never what is protected", {
    timeout: 120_000,
  }, async () => {
    const { inside, blocked } = await firewall()
    const port = await freePort()
    const folder = rulesFolder(inside, port)
    const crowd = await crowdSec(`http://127.0.0.1:${port}/crowdsec`, token)

    // It tries again until somebody listens.
    expect(await crowd.attack(attacker)).toMatchObject({ type: "ban", scope: "Ip", value: attacker, simulated: false })
    await until(() => crowd.said().includes("retry num 1"))
    expect(blocked()).toEqual([])
    const responder = await startResponder(folder)
    await until(() => blocked().length > 0)
    expect(blocked()).toEqual([attacker])
    await until(() => ofType(folder, "response.finished").length > 0)
    expect(endsOf(entriesOf(folder))).toEqual(["action done"])

    // Sent again, with other texts of its times, a database's ids and what is left of the four hours, it is the same event.
    crowd.cscli("notifications", "reinject", "1")
    await until(async () => (await responder.metric(duplicate)) === 1)
    expect(await responder.metric(stored)).toBe(1)

    expect(await crowd.attack(nameServer)).toMatchObject({ type: "ban", value: nameServer })
    await until(() => ofType(folder, "response.suppressed").length > 0)
    expect(ofType(folder, "response.suppressed")).toMatchObject([{ reason: "refused", count: 1 }])
    expect(JSON.stringify(ofType(folder, "response.suppressed"))).toContain("is protected")

    expect(await responder.end()).toBe(0)
    expect(ofType(folder, "response.decided")).toMatchObject([{ rule: "crowdsec", parameters: { ip: attacker } }])
    expect(endsOf(entriesOf(folder))).toEqual(["action done"])
    expect(blocked()).toEqual([attacker])
  })

  it("is refused with another token, and nothing is done", { timeout: 90_000 }, async () => {
    const { inside, blocked } = await firewall()
    const folder = rulesFolder(inside, 0)
    const responder = await startResponder(folder)
    const crowd = await crowdSec(`${responder.url}/crowdsec`, token.replace("f", "e"))
    expect(await crowd.attack(attacker)).toMatchObject({ value: attacker })
    await until(() => crowd.said().includes("HTTP server returned non 200 status code: 401"))
    expect(await responder.metric(badSecret)).toBe(1)
    expect((await responder.metric(stored)) ?? 0).toBe(0)
    expect(await responder.end()).toBe(0)
    expect(entriesOf(folder)).toEqual([])
    expect(blocked()).toEqual([])
  })

  it("has nothing done in simulation", { timeout: 90_000 }, async () => {
    const { inside, blocked } = await firewall()
    const folder = rulesFolder(inside, 0)
    const responder = await startResponder(folder)
    const crowd = await crowdSec(`${responder.url}/crowdsec`, token, true)
    expect(await crowd.attack(attacker)).toMatchObject({ value: attacker, simulated: true })
    // The condition asks for a decision, and there is none.
    await until(async () => (await responder.metric('ohmq_respond_undecided_total{rule="crowdsec"}')) === 1)
    expect(await responder.end()).toBe(0)
    expect(entriesOf(folder)).toEqual([])
    expect(blocked()).toEqual([])
  })

  it("says what is missing where it is not unpacked", async () => {
    const folder = temporaryFolder()
    const before = process.env.CROWDSEC
    process.env.CROWDSEC = folder
    onTestFinished(() => {
      if (before === undefined) delete process.env.CROWDSEC
      else process.env.CROWDSEC = before
    })
    await expect(crowdSec("http://127.0.0.1:1/", token)).rejects.toThrow(
      `${join(folder, "usr/bin/crowdsec")} is not there: unpack Debian's package crowdsec`,
    )
  })
})
