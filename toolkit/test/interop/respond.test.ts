// `ohmq respond` with what sends alerts to it and what it acts by: Alertmanager and nftables.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { blockIn, documentedBlock, firewall } from "../respond/firewall.js"
import { configWith, type Entry, endsOf, entriesOf, token, user } from "../respond/support.js"
import { alertmanager } from "./alertmanager.js"

const ofType = (folder: string, type: string): Entry[] => entriesOf(folder).filter((entry) => entry.type === type)

describe("Alertmanager", () => {
  it("has its alerts answered by actions, each once, however often it tells of them", { timeout: 90_000 }, async () => {
    const folder = temporaryFolder()
    const config = configWith(`
actions:
  note: { type: exec, ${user}command: [echo, "{ip}"], parameters: { ip: { type: ip, version: 4 } } }
rules:
  - name: scans
    when: type == "alert.fired" && data.labels.alertname == "PortScan"
    do: note
    with: { ip: data.labels.source_ip }
`).replace("preset: token", "preset: alertmanager")
    const responder = await RelayProcess.start(folder, config.replace(", eventType: alert.fired", ""), "respond")
    const send = await alertmanager(`${responder.url}/alerts`, `authorization: { credentials: "${token}" }`)
    const alert = (source_ip: string, alertname = "PortScan") => ({ labels: { alertname, source_ip } })
    await send(alert("198.51.100.7"), alert("198.51.100.8; reboot"), alert("198.51.100.9", "DiskFull"))
    await until(
      () => ofType(folder, "response.finished").length > 0 && ofType(folder, "response.suppressed").length > 0,
    )
    // It repeats what fires, which is not stored again.
    await until(async () => Number(await responder.metric('ohmq_relay_events_duplicate_total{source="alerts"}')) >= 2)
    expect(await responder.end()).toBe(0)
    expect(ofType(folder, "response.decided")).toMatchObject([{ parameters: { ip: "198.51.100.7" } }])
    expect(endsOf(entriesOf(folder))).toEqual(["action done"])
    const refused = ofType(folder, "response.suppressed")
    expect(refused).toMatchObject([{ reason: "refused", count: 1 }])
    expect(JSON.stringify(refused)).toContain("198.51.100.8; reboot")
  })
})

const rules = (inside: readonly string[]) =>
  configWith(`
actions:
  ${blockIn(inside)}
rules:
  - { name: scans, when: "true", do: block, with: { ip: data.ip }, expires: 2s }
`)

describe("nftables", () => {
  it("blocks by the action of the documents, and unblocks also what is unblocked already", {
    timeout: 90_000,
  }, async () => {
    const { inside, nft, blocked } = await firewall()
    const folder = temporaryFolder()
    const responder = await RelayProcess.start(folder, rules(inside), "respond")
    const alert = (ip: string) =>
      fetch(`${responder.url}/alerts`, {
        method: "POST",
        body: JSON.stringify({ ip }),
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      })
    expect((await alert("198.51.100.7")).status).toBe(202)
    expect((await alert("198.51.100.8")).status).toBe(202)
    await until(() => ofType(folder, "response.finished").length >= 2)
    // Somebody has been quicker, or the firewall was loaded again.
    nft("add element inet filter blocked { 198.51.100.8 }; delete element inet filter blocked { 198.51.100.8 }")
    await until(() => ofType(folder, "response.finished").length >= 4)
    expect(endsOf(entriesOf(folder)).toSorted()).toEqual(["action done", "action done", "undo done", "undo done"])
    expect(blocked()).toEqual([])
    expect(await responder.end()).toBe(0)
  })

  it("does what the rules of ohmq respond init say, which is what the documents say", () => {
    const folder = temporaryFolder()
    expect(ohmq(folder, "respond", "init").status).toBe(0)
    const { block } = parse(readFileSync(join(folder, "rules.yaml"), "utf8")).actions
    expect(block).toEqual(documentedBlock())
  })
})
