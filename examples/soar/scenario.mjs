// The scenario, in a network namespace that start.mjs has made for it. So the ports are its own, whatever else listens on this machine.

import { randomBytes } from "node:crypto"
import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"

import { Lab, until } from "../lab.mjs"
import { addresses, Gateway } from "./gateway.mjs"
import { asText, countsOf, entriesOf } from "./record.mjs"

const { attacker, second, customer } = addresses
const expiry = 10_000

class Scenario {
  #lab
  #gateway
  #starts = 0
  #responder

  constructor(lab) {
    this.#lab = lab
    this.#gateway = new Gateway(lab)
  }

  async #startResponder() {
    this.#responder = this.#lab.start(`responder-${++this.#starts}`, "ohmq respond run rules.yaml")
    await this.#responder.says("The responder takes alerts")
  }

  /** Alertmanager gets an alert, as from Prometheus. */
  async #alert(ip) {
    console.log(`  amtool alert add PortScan source_ip="${ip}"`)
    const where = "--alertmanager.url=http://127.0.0.1:9093"
    await this.#lab.run("amtool", ["alert", "add", where, "PortScan", `source_ip=${JSON.stringify(ip)}`])
  }

  /** A metric of the responder. */
  async #metric(name) {
    const text = await (await fetch("http://127.0.0.1:8081/metrics")).text()
    const line = text.split("\n").find((one) => one.startsWith(`${name} `))
    return line === undefined ? 0 : Number(line.slice(name.length + 1))
  }

  async #showBlocked(when) {
    const addresses = await this.#gateway.blocked()
    console.log(`  ${when}nft list set inet filter blocked: ${addresses.join(", ") || "empty"}`)
  }

  async #isBlocked(ip) {
    return (await this.#gateway.blocked()).includes(ip)
  }

  /** Alerts, and waits until the address is blocked and that is recorded. */
  async #block(ip) {
    await this.#alert(ip)
    await until(`${ip} is blocked`, () => this.#isBlocked(ip))
    await until("that is recorded", async () => (await this.#metric('ohmq_respond_open{status="active"}')) === 1)
    await this.#showBlocked("")
  }

  async prepare() {
    const lab = this.#lab
    writeFileSync(lab.path("alerts.token"), `${randomBytes(24).toString("hex")}\n`, { mode: 0o600 })
    console.log("A gateway with a web server, a firewall and a responder; its clients are in another network:")
    await this.#gateway.open()
    const tests = await lab.run("ohmq", ["respond", "test", "rules.yaml"], { okCodes: [0, 1] })
    lab.check(`the rules pass their tests: ${tests.stdout.trim().split("\n").at(-1)}`, tests.code === 0)
    lab.start("alertmanager", [
      "prometheus-alertmanager",
      "--config.file=alertmanager.yml",
      "--storage.path=alertmanager",
      "--web.listen-address=127.0.0.1:9093",
      "--cluster.listen-address=",
    ])
    await this.#startResponder()
    // Whoever verifies the audit log later has its key from now.
    copyFileSync(lab.path("audit/key.pub"), lab.path("trusted.pub"))
    await until("Alertmanager is ready", () =>
      fetch("http://127.0.0.1:9093/-/ready").then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    lab.check("all clients get an answer", await this.#all(Object.values(addresses), true))
  }

  async #all(clients, want) {
    for (const client of clients) if ((await this.#gateway.answers(client)) !== want) return false
    return true
  }

  async blockAndExpire() {
    const lab = this.#lab
    console.log("\nAn alert: somebody scans ports")
    await this.#block(attacker)
    lab.check(`${attacker} gets no answer any more`, await this.#all([attacker], false))
    lab.check(`${customer} still does`, await this.#all([customer], true))
    await until("the block expires", async () => !(await this.#isBlocked(attacker)))
    await this.#showBlocked(`After ${expiry / 1000} s: `)
    lab.check(`${attacker} gets answers again`, await this.#all([attacker], true))
  }

  async refuse() {
    const lab = this.#lab
    console.log("\nAn alert that brings a command in")
    const before = await this.#gateway.rules()
    await this.#alert("198.51.100.9; nft flush ruleset")
    const refused = 'ohmq_respond_suppressed_total{rule="port-scan",reason="refused"}'
    await until("it is decided about", async () => (await this.#metric(refused)) === 1)
    lab.check("it is refused, and the firewall is as before", (await this.#gateway.rules()) === before)
  }

  async killAndUndo() {
    const lab = this.#lab
    console.log("\nAn alert, and the responder is killed while the address is blocked")
    await this.#block(second)
    this.#responder.signal("SIGKILL")
    lab.check("the responder is killed", (await this.#responder.ended()) === "SIGKILL")
    await sleep(expiry + 1000)
    await this.#showBlocked(`After ${expiry / 1000 + 1} s: `)
    lab.check(`${second} is still blocked: nobody was there to undo it`, await this.#all([second], false))
    await this.#startResponder()
    await until("the block is undone", async () => !(await this.#isBlocked(second)))
    console.log("  The responder is back, and undoes what has expired")
    lab.check(`${second} gets answers again`, await this.#all([second], true))
    await until("that is recorded", async () => (await this.#metric('ohmq_respond_open{status="active"}')) === 0)
    this.#responder.signal("SIGTERM")
    lab.check("the responder ends cleanly", (await this.#responder.ended()) === 0)
  }

  async verify() {
    const lab = this.#lab
    console.log("\nThe record: ohmq audit verify audit --key trusted.pub")
    const verify = (folder) => lab.run("ohmq", ["audit", "verify", folder, "--key", "trusted.pub"], { okCodes: [0, 1] })
    const { code, stdout } = await verify("audit")
    console.log(`  ${stdout.trim().split("\n")[0]}`)
    lab.check("the audit log is intact", code === 0)
    const entries = entriesOf((await lab.run("ohmq", ["audit", "export", "audit"])).stdout)
    console.log(asText(entries))
    const counts = countsOf(entries)
    const expected = { blocked: 2, undone: 2, refused: 1 }
    lab.check(
      `it has ${JSON.stringify(counts)}: each block, each undo, and what was refused`,
      JSON.stringify(counts) === JSON.stringify(expected),
    )
    // The public part is what a web server would have of the log.
    cpSync(lab.path("audit/public"), lab.path("copy"), { recursive: true })
    changeOneDigit(lab.path("copy"), second)
    lab.check("a copy with one changed digit is not", (await verify("copy")).code === 1)
  }

  close() {
    this.#gateway.close()
  }
}

/** Changes the last digit of an address where entries have it. A file of entries stays beside the longer one that replaces it. */
function changeOneDigit(folder, address) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name)
    if (!entry.isFile() || !file.includes("/tile/entries/")) continue
    const bytes = readFileSync(file)
    const at = bytes.indexOf(address)
    if (at === -1) continue
    bytes[at + address.length - 1] += 1
    writeFileSync(file, bytes)
  }
}

await Lab.run(import.meta.dirname, async (lab) => {
  const scenario = new Scenario(lab)
  try {
    await scenario.prepare()
    await scenario.blockAndExpire()
    await scenario.refuse()
    await scenario.killAndUndo()
    await scenario.verify()
  } finally {
    scenario.close()
  }
})
process.exitCode ??= 1
