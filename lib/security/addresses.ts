// Lists of addresses: who may come from where.

import { BlockList, isIP } from "node:net"

/** IPv4 addresses that come as IPv6 ones are IPv4 addresses. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  return (mapped?.[1] ?? address).replace(/%.*$/, "")
}

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4")

/** What counts as one source: an IPv4 address, or the 64 bits of an IPv6 address that a host does not choose itself. */
export function sourceOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = "", tail] = address.split("::")
  const left = head === "" ? [] : head.split(":")
  const right = tail === undefined || tail === "" ? [] : tail.split(":")
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array(zeros).fill("0"), ...right].slice(0, 4).join(":")
}

/** Addresses ("10.0.0.7", "::1") and networks ("10.0.0.0/8", "fd00::/8"). */
export class AddressList {
  readonly #list = new BlockList()
  #size = 0

  constructor(addresses: Iterable<string> = []) {
    for (const address of addresses) this.add(address)
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  add(address: string): void {
    const [host = "", bits, ...more] = typeof address === "string" ? address.split("/") : []
    const plain = plainAddress(host)
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(plain)] as number
    const network = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
    if (most < 0 || !network || more.length > 0) {
      throw new TypeError(
        `Expected an IP address or a network such as "10.0.0.0/8", but received ${JSON.stringify(address)}`,
      )
    }
    if (bits === undefined) this.#list.addAddress(plain, familyOf(plain))
    else this.#list.addSubnet(plain, Number(bits), familyOf(plain))
    this.#size += 1
  }

  has(address: string): boolean {
    return this.#size > 0 && isIP(address) !== 0 && this.#list.check(address, familyOf(address))
  }
}

/** Which addresses may connect. `deny` is stronger; with `allow`, no others may. Peers over ipc have none, and may. */
export interface AddressPolicy {
  allow?: Iterable<string>
  deny?: Iterable<string>
}

export class AddressRules {
  readonly #allow: AddressList
  readonly #deny: AddressList

  constructor({ allow = [], deny = [] }: AddressPolicy = {}) {
    this.#allow = new AddressList(allow)
    this.#deny = new AddressList(deny)
  }

  allow(address: string): void {
    this.#allow.add(address)
  }

  deny(address: string): void {
    this.#deny.add(address)
  }

  /** Why an address may not connect, or undefined. */
  objection(address: string): string | undefined {
    if (this.#deny.has(address)) return "address denied"
    if (!this.#allow.isEmpty && isIP(address) !== 0 && !this.#allow.has(address)) return "address not allowed"
    return undefined
  }
}
