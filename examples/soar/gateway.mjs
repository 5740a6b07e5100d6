// The networks of the scenario: the gateway, where the firewall, the responder and a web server are, and the network of its clients.

import { once } from "node:events"
import { readlinkSync } from "node:fs"
import { createServer } from "node:http"

import { until } from "../lab.mjs"

const gateway = "198.51.100.1"
const url = `http://${gateway}:8080/`

/** Of the clients. Addresses for documentation (RFC 5737). */
export const addresses = { attacker: "198.51.100.7", second: "198.51.100.8", customer: "198.51.100.20" }

const namespaceOf = (pid) => readlinkSync(`/proc/${pid}/ns/net`)

export class Gateway {
  #lab
  /** Whose network namespace is that of the clients. */
  #clients
  #server = createServer((_request, response) => response.end("The shop is open\n"))

  constructor(lab) {
    this.#lab = lab
  }

  /** Connects the networks by a cable, and starts the web server and the firewall. */
  async open() {
    this.#clients = this.#lab.start("clients", "setpriv --pdeathsig KILL unshare --net sleep infinity")
    const { pid } = this.#clients
    await until("the clients have a network", () => namespaceOf(pid) !== namespaceOf("self"))
    const ip = (...args) => this.#lab.run("ip", args)
    await ip("link", "set", "lo", "up")
    await ip("link", "add", "lan", "type", "veth", "peer", "name", "eth0", "netns", `${pid}`)
    await ip("address", "add", `${gateway}/24`, "dev", "lan")
    await ip("link", "set", "lan", "up")
    for (const address of Object.values(addresses))
      await this.#inside("ip", "address", "add", `${address}/24`, "dev", "eth0")
    await this.#inside("ip", "link", "set", "eth0", "up")
    await once(this.#server.listen(8080, gateway), "listening")
    await this.#lab.run("nft", ["-f", "firewall.nft"])
  }

  #inside(...command) {
    return this.#lab.run("nsenter", [`--net=/proc/${this.#clients.pid}/ns/net`, ...command], { okCodes: [0, 28] })
  }

  /** Whether a client gets an answer from the web server. If it is blocked, its packets are dropped, and it waits in vain. */
  async answers(address) {
    const { code, stdout } = await this.#inside("curl", "-s", "--interface", address, "--max-time", "2", url)
    return code === 0 && stdout === "The shop is open\n"
  }

  /** The addresses that are blocked. */
  async blocked() {
    const { stdout } = await this.#lab.run("nft", ["-j", "list", "set", "inet", "filter", "blocked"])
    return JSON.parse(stdout).nftables.find(({ set }) => set)?.set.elem ?? []
  }

  /** The firewall as it is, without what it has counted. */
  async rules() {
    return (await this.#lab.run("nft", ["--stateless", "list", "ruleset"])).stdout
  }

  close() {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
