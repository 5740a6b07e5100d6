import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, open } from "./support/sockets.js"

// Numbers of zmq.h, as subclasses for options that have no property use them.
const AFFINITY = 4
const ROUTING_ID = 5
const LINGER = 17
const MAXMSGSIZE = 22
const ROUTER_MANDATORY = 33
const IMMEDIATE = 39
const ZAP_DOMAIN = 55
const TOS = 57
const IO_THREADS = 1
const MAX_SOCKETS = 2
const IPV6 = 42

/** The methods that subclasses are offered, made public. */
interface Access {
  getBoolOption(option: number): boolean
  setBoolOption(option: number, value: boolean): void
  getInt32Option(option: number): number
  setInt32Option(option: number, value: number): void
  getUint32Option(option: number): number
  setUint32Option(option: number, value: number): void
  getInt64Option(option: number): number
  setInt64Option(option: number, value: number): void
  getUint64Option(option: number): number
  setUint64Option(option: number, value: number): void
  getStringOption(option: number): string | null
  setStringOption(option: number, value: string | Uint8Array | null): void
}

const accessTo = (holder: zmq.Socket | zmq.Context) => holder as unknown as Access

class Custom extends zmq.Router {
  get lingering(): number {
    return this.getInt32Option(LINGER)
  }

  set lingering(value: number) {
    this.setInt32Option(LINGER, value)
  }

  get domain(): string | null {
    return this.getStringOption(ZAP_DOMAIN)
  }

  set domain(value: string | Uint8Array | null) {
    this.setStringOption(ZAP_DOMAIN, value)
  }

  makeMandatory(): void {
    this.setBoolOption(ROUTER_MANDATORY, true)
  }
}

describe("A subclass of a socket", () => {
  it("adds options of its own by their number", () => {
    const socket = open(Custom)
    socket.lingering = 5
    socket.domain = Buffer.from("global")
    expect(socket).toMatchObject({ lingering: 5, linger: 5, domain: "global", zapDomain: "global" })
  })

  it("has its options set by the constructor", () => {
    class Brief extends zmq.Push {
      get lingering(): number {
        return this.getInt32Option(LINGER)
      }

      set lingering(value: number) {
        this.setInt32Option(LINGER, value)
      }
    }
    expect(open<Brief, object>(Brief as new (options?: object) => Brief, { lingering: 7 }).linger).toBe(7)
  })

  it("sets by number what is read by name, also where libzmq cannot tell it", () => {
    const socket = open(Custom)
    socket.makeMandatory()
    expect(socket.mandatory).toBe(true)
  })
})

describe("Options of a socket by number", () => {
  it.each([
    ["Bool", IMMEDIATE, false, true],
    ["Int32", LINGER, -1, 100],
    ["Uint32", TOS, 0, 8],
    ["Int64", MAXMSGSIZE, -1, 2 ** 40],
    ["Uint64", AFFINITY, 0, 2 ** 40],
    ["String", ROUTING_ID, null, "me"],
  ] as const)("are read and set as %s", (type, id, initial, value) => {
    const socket = accessTo(open(zmq.Dealer)) as unknown as Record<string, (id: number, value?: unknown) => unknown>
    expect(socket[`get${type}Option`]?.(id)).toBe(initial)
    expect(socket[`set${type}Option`]?.(id, value)).toBe(undefined)
    expect(socket[`get${type}Option`]?.(id)).toBe(value)
  })

  it("keep the sign of an int32 and of an int64, and have none as a uint32", () => {
    const socket = accessTo(open(zmq.Dealer))
    expect(socket.getInt32Option(LINGER)).toBe(-1)
    expect(socket.getUint32Option(LINGER)).toBe(2 ** 32 - 1)
    expect(socket.getInt64Option(MAXMSGSIZE)).toBe(-1)
  })

  it.each([
    ["Bool", 1, "a boolean"],
    ["Int32", "1", "a number"],
    ["Uint32", true, "a number"],
    ["Int64", null, "a number"],
    ["Uint64", 1n, "a number"],
    ["String", 1, "a string or buffer"],
  ])("refuse values that are no %s: %s", (type, value, wanted) => {
    const socket = open(zmq.Dealer) as unknown as Record<string, (id: number, value?: unknown) => unknown>
    expect(() => socket[`set${type}Option`]?.(LINGER, value)).toThrow(new TypeError(`Option value must be ${wanted}`))
  })

  it("refuse numbers out of range", () => {
    const socket = accessTo(open(zmq.Dealer))
    expect(() => socket.setInt32Option(LINGER, 2 ** 31)).toThrow(RangeError)
    expect(() => socket.setUint32Option(TOS, -1)).toThrow(RangeError)
    expect(() => socket.setInt64Option(MAXMSGSIZE, 2 ** 53)).toThrow(RangeError)
    expect(() => socket.setUint64Option(AFFINITY, Number.NaN)).toThrow(RangeError)
  })

  it("refuse an identifier that is no number", () => {
    const socket = accessTo(open(zmq.Dealer))
    expect(() => socket.getInt32Option("linger" as unknown as number)).toThrow(
      new TypeError("Identifier must be a number"),
    )
    expect(() => socket.setInt32Option(undefined as unknown as number, 1)).toThrow(
      new TypeError("Identifier must be a number"),
    )
  })

  it("give EINVAL for a number that libzmq does not know, and for one of another size", async () => {
    const socket = accessTo(open(zmq.Dealer))
    for (const id of [-1, 9999]) {
      expect(await failure(() => socket.getInt32Option(id))).toMatchObject({ code: "EINVAL" })
      expect(await failure(() => socket.setInt32Option(id, 1))).toMatchObject({ code: "EINVAL" })
      expect(await failure(() => socket.getStringOption(id))).toMatchObject({ code: "EINVAL" })
    }
    expect(await failure(() => socket.setInt32Option(MAXMSGSIZE, 1))).toMatchObject({ code: "EINVAL" })
    expect(await failure(() => socket.getInt32Option(MAXMSGSIZE))).toMatchObject({ code: "EINVAL" })
  })

  it("give EBADF on a closed socket", async () => {
    const socket = open(zmq.Dealer)
    socket.close()
    expect(await failure(() => accessTo(socket).getInt32Option(LINGER))).toMatchObject({ code: "EBADF" })
    expect(await failure(() => accessTo(socket).setInt32Option(LINGER, 1))).toMatchObject({ code: "EBADF" })
  })

  it("are null where text is empty", () => {
    const socket = accessTo(open(zmq.Dealer))
    const BINDTODEVICE = 92
    socket.setStringOption(BINDTODEVICE, "lo")
    expect(socket.getStringOption(BINDTODEVICE)).toBe("lo")
    socket.setStringOption(BINDTODEVICE, "")
    expect(socket.getStringOption(BINDTODEVICE)).toBe(null)
  })
})

describe("Options of a context by number", () => {
  it("are read and set as Int32 and Bool", () => {
    const context = accessTo(new zmq.Context())
    context.setInt32Option(IO_THREADS, 3)
    expect(context.getInt32Option(IO_THREADS)).toBe(3)
    context.setBoolOption(IPV6, true)
    expect(context.getBoolOption(IPV6)).toBe(true)
  })

  it("are there for subclasses", () => {
    class Custom extends zmq.Context {
      get most(): number {
        return this.getInt32Option(MAX_SOCKETS)
      }

      set most(value: number) {
        this.setInt32Option(MAX_SOCKETS, value)
      }
    }
    const context = new Custom()
    context.most = 5
    expect(context).toMatchObject({ most: 5, maxSockets: 5 })
  })

  it("refuse values of another type, and numbers that libzmq does not know", async () => {
    const context = accessTo(new zmq.Context())
    expect(() => context.setInt32Option(IO_THREADS, "1" as unknown as number)).toThrow(TypeError)
    expect(() => context.setBoolOption(IPV6, 1 as unknown as boolean)).toThrow(TypeError)
    expect(await failure(() => context.getInt32Option(9999))).toMatchObject({ code: "EINVAL" })
    expect(await failure(() => context.setInt32Option(9999, 1))).toMatchObject({ code: "EINVAL" })
  })
})
