// The addresses that a socket is bound and connected to, by the names under which libzmq knows them.

import type { EndpointUse } from "../encryption/requirements.js"

/** The port of a tcp address, with its colon. */
const portOf = (address: string) => /^tcp:.*(:\d+)$/.exec(address)?.[1]

export class EndpointList {
  readonly #addresses: Record<EndpointUse, Set<string>> = { bind: new Set(), connect: new Set() }

  get isEmpty(): boolean {
    return this.#addresses.bind.size + this.#addresses.connect.size === 0
  }

  /** The addresses of one kind, oldest first. */
  of(use: EndpointUse): string[] {
    return [...this.#addresses[use]]
  }

  add(address: string, use: EndpointUse): void {
    this.#addresses[use].add(address)
  }

  /** Call it after an unbind or disconnect, which libzmq does not tell apart: it drops everything that has this address. */
  remove(address: string): void {
    const { bind, connect } = this.#addresses
    const wasBound = bind.delete(address)
    // Over inproc, it drops the connections only if it was not bound.
    if (wasBound && address.startsWith("inproc:")) return
    if (connect.delete(address) || wasBound) return
    // libzmq resolves a tcp address that it does not know, such as another name of the same host.
    const port = portOf(address)
    for (const addresses of port === undefined ? [] : [bind, connect]) {
      for (const other of addresses) if (portOf(other) === port) return void addresses.delete(other)
    }
  }
}
