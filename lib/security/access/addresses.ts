// Lists of addresses: which peers may connect from where.

import { BlockList, isIP } from "node:net"

import { checkOptions } from "../../base/checks.js"

/** The dotted form of an IPv4 address that is mapped into IPv6 (::ffff:…). */
function mappedAddress(address: string): string | undefined {
  const [, dotted, high = "", low = ""] =
    /^(?:::|(?:0{1,4}:){5})ffff:(?:(\d+\.\d+\.\d+\.\d+)|([\da-f]{1,4}):([\da-f]{1,4}))$/i.exec(address) ?? []
  if (dotted !== undefined || high === "") return dotted
  const [one, two] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [one >> 8, one & 255, two >> 8, two & 255].join(".")
}

/** The address without its zone. Mapped IPv4 addresses become IPv4 addresses. */
export const plainAddress = (address: string) => mappedAddress(address) ?? address.replace(/%.*$/, "")

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4")

/** How libzmq describes a peer over ipc: user, group and process. Only the user counts: a peer can easily start another process. */
const localPeer = /^localhost:(\d+):/

/**
 * What counts as one source: an IPv4 address, the /64 network of an IPv6 address (a host picks the other 64 bits itself), or over ipc
 * a system user.
 */
export function sourceOf(from: string): string {
  const uid = localPeer.exec(from)?.[1]
  if (uid !== undefined) return `user ${uid}`
  const address = plainAddress(from)
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
  #isEmpty = true

  constructor(addresses: Iterable<string> = []) {
    for (const address of addresses) this.add(address)
  }

  add(address: string): void {
    const [host = "", bits, ...more] = typeof address === "string" ? address.split("/") : []
    if (host.includes("%")) {
      throw new TypeError(
        `An address rule cannot have a zone, because it applies to all interfaces: ${JSON.stringify(address)}`,
      )
    }
    const mapped = mappedAddress(host)
    const plain = plainAddress(host)
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(plain)] as number
    // The prefix of a network of mapped addresses is 96 bits longer. A shorter one would also contain IPv6 addresses.
    const length = /^\d{1,3}$/.test(bits ?? "") ? Number(bits) - (mapped === undefined ? 0 : 96) : -1
    const network = bits === undefined || (length >= 0 && length <= most)
    if (most < 0 || !network || more.length > 0) {
      throw new TypeError(
        `Expected an IP address or a network such as "10.0.0.0/8", but received ${JSON.stringify(address)}`,
      )
    }
    if (bits === undefined) this.#list.addAddress(plain, familyOf(plain))
    else this.#list.addSubnet(plain, length, familyOf(plain))
    this.#isEmpty = false
  }

  has(address: string): boolean {
    return !this.#isEmpty && isIP(address) !== 0 && this.#list.check(address, familyOf(address))
  }
}

/**
 * Which addresses may connect: IP addresses ("10.0.0.7") and networks ("10.0.0.0/8", "fd00::/8"). `deny` wins over `allow`. If `allow`
 * is given, all other addresses are denied; if it is empty, every address is. Peers over ipc have no address and are not checked.
 */
export interface AddressPolicy {
  /** Default: every address. */
  allow?: Iterable<string>
  /** Default: none. */
  deny?: Iterable<string>
}

export class AddressRules {
  /** Undefined allows every address. */
  #allow: AddressList | undefined
  readonly #deny: AddressList

  constructor(policy: AddressPolicy = {}) {
    checkOptions("addresses", policy, ["allow", "deny"])
    const { allow, deny = [] } = policy
    if (allow !== undefined) this.#allow = new AddressList(allow)
    this.#deny = new AddressList(deny)
  }

  allow(address: string): void {
    const list = this.#allow ?? new AddressList()
    list.add(address)
    this.#allow = list
  }

  deny(address: string): void {
    this.#deny.add(address)
  }

  /** Why an address may not connect; undefined if it may. */
  objection(address: string): string | undefined {
    if (this.#deny.has(address)) return "address denied"
    if (this.#allow !== undefined && isIP(address) !== 0 && !this.#allow.has(address)) return "address not allowed"
    return undefined
  }
}
