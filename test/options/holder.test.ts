// Options by number, as subclasses use them, where conformance does not ask: it compares them with zeromq.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, open } from "../support/sockets.js"

// Numbers of zmq.h, as subclasses for options that have no property use them.
const AFFINITY = 4
const LINGER = 17
const MAXMSGSIZE = 22
const ROUTER_MANDATORY = 33
const ZAP_DOMAIN = 55
const TOS = 57
const MAX_SOCKETS = 2

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

describe("Options of a socket by number", () => {
  it("are read by name as they were set by number, also where libzmq cannot tell them", () => {
    const socket = open(zmq.Router)
    accessTo(socket).setBoolOption(ROUTER_MANDATORY, true)
    accessTo(socket).setStringOption(ZAP_DOMAIN, Buffer.from("global"))
    expect(socket).toMatchObject({ mandatory: true, zapDomain: "global" })
  })

  it("hold more than 32 bits as an int64 and a uint64", () => {
    const socket = accessTo(open(zmq.Dealer))
    socket.setInt64Option(MAXMSGSIZE, 2 ** 40)
    socket.setUint64Option(AFFINITY, 2 ** 40)
    expect([socket.getInt64Option(MAXMSGSIZE), socket.getUint64Option(AFFINITY)]).toEqual([2 ** 40, 2 ** 40])
  })

  it("keep the sign of an int32 and of an int64, and have none as a uint32", () => {
    const socket = accessTo(open(zmq.Dealer))
    expect(socket.getInt32Option(LINGER)).toBe(-1)
    expect(socket.getUint32Option(LINGER)).toBe(2 ** 32 - 1)
    expect(socket.getInt64Option(MAXMSGSIZE)).toBe(-1)
  })

  it("refuse numbers out of range", () => {
    const socket = accessTo(open(zmq.Dealer))
    expect(() => socket.setInt32Option(LINGER, 2 ** 31)).toThrow(RangeError)
    expect(() => socket.setUint32Option(TOS, -1)).toThrow(RangeError)
    expect(() => socket.setInt64Option(MAXMSGSIZE, 2 ** 53)).toThrow(RangeError)
    expect(() => socket.setUint64Option(AFFINITY, Number.NaN)).toThrow(RangeError)
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
})
