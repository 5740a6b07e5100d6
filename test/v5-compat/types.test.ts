// The types of the v5 API. "npm run lint" checks that lines marked with @ts-expect-error do not compile.

import * as zmq from "ohmq/v5-compat"
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest"

function open(type: zmq.SocketType): zmq.Socket {
  const socket = zmq.socket(type)
  onTestFinished(() => void socket.close())
  return socket
}

describe("the types", () => {
  it("know the arguments of listeners", () => {
    const socket = open("sub")
    socket.on("message", (...parts) => expectTypeOf(parts).toEqualTypeOf<Buffer[]>())
    socket.once("message", (topic: Buffer, body: Buffer) => void [topic, body])
    socket.on("connect", (value, address) => {
      expectTypeOf(value).toEqualTypeOf<number | undefined>()
      expectTypeOf(address).toEqualTypeOf<string>()
    })
    socket.prependListener("bind_error", (_value, _address, error) =>
      expectTypeOf(error?.code).toEqualTypeOf<string | undefined>(),
    )
    socket.on("error", (error) => expectTypeOf(error).toEqualTypeOf<Error>())
    // A program's own events.
    socket.on("my-event", (a: number, b: string) => void [a, b])
    socket.removeAllListeners()
    expect(socket.eventNames()).toEqual([])
  })

  it("know the options", () => {
    const socket = open("dealer")
    expectTypeOf(socket.linger).toEqualTypeOf<number>()
    expectTypeOf(socket.getsockopt("last_endpoint")).toEqualTypeOf<string | null>()
    expectTypeOf(socket.getsockopt(zmq.ZMQ_LINGER)).toEqualTypeOf<zmq.OptionValue>()
    socket.identity = Buffer.from("x")
    socket.setsockopt(zmq.ZMQ_SNDHWM, 5).setsockopt("linger", 0)
    expect(() => {
      // @ts-expect-error: read-only
      socket.last_endpoint = "x"
    }).toThrow("Unknown option")
    // @ts-expect-error: unknown name
    expect(() => socket.getsockopt("lingr")).toThrow("Unknown option")
  })

  it("know the socket types and the constants", () => {
    // @ts-expect-error: unknown type
    expect(() => zmq.socket("subscriber")).toThrow("Invalid socket type: subscriber")
    const more: 2 = zmq.ZMQ_SNDMORE
    expect(more).toBe(2)
    expectTypeOf(zmq.curveKeypair()).toEqualTypeOf<{ public: string; secret: string }>()
    expectTypeOf(open("pub").send("x", zmq.ZMQ_SNDMORE, (_error?: Error) => {})).toEqualTypeOf<zmq.Socket>()
  })

  it("allow subclasses to override", () => {
    class Own extends zmq.Socket {
      override on(event: string, listener: (...values: unknown[]) => void): this {
        return super.on(event, listener)
      }
      override send(message: string[], flags?: number): this {
        return super.send(message, flags)
      }
    }
    const own = new Own("pub")
    expect(own.on("x", () => {}).send(["a"])).toBe(own)
    own.close()
  })
})
