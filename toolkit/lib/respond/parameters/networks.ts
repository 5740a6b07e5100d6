// Networks that no response may touch: those of special purpose, those of this machine, and those that the configuration protects.

import { isIPv4, isIPv6 } from "node:net"
import { networkInterfaces } from "node:os"

/**
 * Addresses that are nobody's or everybody's: "this network", loopback, link-local, multicast, reserved and broadcast.
 * Source: the registries of https://www.rfc-editor.org/rfc/rfc6890
 */
const special = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "::1/128",
  "fe80::/10",
  "ff00::/8",
] as const

/** A network. An address is one with all bits in its prefix. */
export interface Network {
  readonly version: 4 | 6
  /** The address in canonical form. */
  readonly address: string
  /** Bits. */
  readonly prefix: number
  readonly bits: bigint
}

const widths = { 4: 32, 6: 128 } as const

function bitsOf(address: string, version: 4 | 6): bigint {
  if (version === 4) return address.split(".").reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)
  const [head = "", tail = ""] = address.split("::")
  const groups = (text: string) => (text === "" ? [] : text.split(":"))
  const missing = 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array<string>(address.includes("::") ? missing : 0).fill("0"), ...groups(tail)]
  return all.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}

/**
 * The address in a text, in canonical form (RFC 5952). IPv6 that stands for an IPv4 address (`::ffff:192.0.2.1`) becomes that, so that no rule
 * about IPv4 can be passed by.
 *
 * @returns Undefined if it is not an address exactly: no spaces, no leading zeros, no zone, no port.
 */
export function parseAddress(text: string): Network | undefined {
  if (isIPv4(text)) return { version: 4, address: text, prefix: 32, bits: bitsOf(text, 4) }
  if (!isIPv6(text) || text.includes("%")) return undefined
  const address = new URL(`http://[${text}]/`).hostname.slice(1, -1)
  const bits = bitsOf(address, 6)
  if (bits >> 32n === 0xffffn) {
    const four = [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".")
    return { version: 4, address: four, prefix: 32, bits: bits & 0xffffffffn }
  }
  return { version: 6, address, prefix: 128, bits }
}

/** The network in a text such as `192.0.2.0/24`. Bits behind the prefix must be 0. Undefined if it is not one. */
export function parseNetwork(text: string): Network | undefined {
  const [, host = "", length = ""] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  const network = parseAddress(host)
  // What was written as IPv6 has a prefix of IPv6.
  if (network === undefined || (network.version === 4 && !isIPv4(host))) return undefined
  const prefix = Number(length)
  const width = widths[network.version]
  if (prefix > width || network.bits & ((1n << BigInt(width - prefix)) - 1n)) return undefined
  return { ...network, prefix }
}

/** A text that is an address or a network. */
export const parseEither = (text: string): Network | undefined =>
  text.includes("/") ? parseNetwork(text) : parseAddress(text)

const overlaps = (a: Network, b: Network): boolean => {
  if (a.version !== b.version) return false
  const shift = BigInt(widths[a.version] - Math.min(a.prefix, b.prefix))
  return a.bits >> shift === b.bits >> shift
}

const networkOf = (text: string): Network => {
  const network = parseEither(text)
  if (network === undefined)
    throw new Error(`Expected an address or a network, such as 192.0.2.0/24, but received "${text}"`)
  return network
}

const specialNetworks = special.map((text) => ({ text, network: networkOf(text) }))

/** IPv6 networks whose addresses carry one of IPv4, and where: NAT64 (RFC 6052), 6to4 (RFC 3056), IPv4-compatible (RFC 4291). */
const carriers = [
  { network: networkOf("64:ff9b::/96"), shift: 0n },
  { network: networkOf("2002::/16"), shift: 80n },
  { network: networkOf("::/96"), shift: 0n },
] as const

/** Says which networks must not be touched. */
export class Protection {
  readonly #own: readonly { text: string; network: Network }[]

  /**
   * @param texts Addresses and networks to protect beside those of special purpose.
   * @throws Error if one of them is neither
   */
  constructor(texts: readonly string[]) {
    this.#own = texts.map((text) => ({ text, network: networkOf(text) }))
  }

  /** Why a network must not be touched. Undefined if it may be. */
  reasonFor(network: Network): string | undefined {
    const machine = Object.values(networkInterfaces()).flatMap((list = []) =>
      // A link-local address has a zone on some systems.
      list.map(({ address }) => ({ text: address, network: networkOf(address.replace(/%.*$/, "")) })),
    )
    for (const [what, list] of [
      ["is of special purpose", specialNetworks],
      ["is protected by the configuration", this.#own],
      ["is an address of this machine", machine],
    ] as const) {
      for (const inner of this.#meanings(network)) {
        const found = list.find((one) => overlaps(one.network, inner))
        if (found) return `${found.text} ${what}`
      }
    }
    return undefined
  }

  /** A network, and the address of IPv4 that it carries. */
  #meanings(network: Network): Network[] {
    const carrier = carriers.find((one) => network.prefix === 128 && overlaps(one.network, network))
    if (carrier === undefined) return [network]
    const bits = (network.bits >> carrier.shift) & 0xffffffffn
    const address = [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".")
    return [network, { version: 4, address, prefix: 32, bits }]
  }
}
