import { type ReceiverOptions, type SenderOptions, startReceiver, startSender } from "ohmq-toolkit/link"
import { describe, expect, it } from "vitest"
import { opened, security } from "./support.js"

const open = { insecure: true }

describe("startReceiver", () => {
  it.each([
    [{ ...open }, "Expected bind to be an address but received undefined"],
    [{ ...open, bind: "tcp://127.0.0.1:*", windw: 1 }, 'Unknown option "windw". The options are bind, '],
    [{ bind: "tcp://127.0.0.1:*" }, "The link needs security: { server, authenticator }."],
    [{ ...open, bind: "tcp://127.0.0.1:*", security: {} }, "Pass either security or insecure, not both"],
    [
      { ...open, bind: "tcp://127.0.0.1:*", whenFull: "refuse" },
      'Expected whenFull to be "wait" or "drop-oldest" but received refuse',
    ],
    [{ ...open, bind: "tcp://127.0.0.1:*", window: 0 }, "Expected a positive integer for window but received 0"],
    [
      { ...open, bind: "tcp://127.0.0.1:*", heartbeat: 0.5 },
      "Expected a positive integer for heartbeat but received 0.5",
    ],
  ])("refuses %j", async (options, message) => {
    const store = await opened()
    await expect((async () => startReceiver(store, options as unknown as ReceiverOptions))()).rejects.toThrow(message)
  })
})

describe("startSender", () => {
  const connect = "tcp://127.0.0.1:9"
  it.each([
    [{ ...open, connect }, "Pass stream or cursor"],
    [{ ...open, stream: "s" }, "Expected connect to be one address or several"],
    [{ ...open, stream: "s", connect: [] }, "Expected connect to be one address or several"],
    [{ ...open, stream: "", connect }, "Expected stream to be a string of 1 to 255 bytes"],
    [{ ...open, stream: "ü".repeat(128), connect }, "Expected stream to be a string of 1 to 255 bytes"],
    [{ stream: "s", connect }, "The link needs security: { client, serverKey }."],
    [{ ...open, stream: "s", connect, security }, "Pass either security or insecure, not both"],
    [{ ...open, stream: "s", connect, from: "middle" }, "Expected from to be start or end but received middle"],
    [{ ...open, stream: "s", connect, onBehind: "x" }, "Expected onBehind to be resend or continue but received x"],
    [{ ...open, stream: "s", connect, maxBackoff: -1 }, "Expected a positive integer for maxBackoff but received -1"],
    [{ ...open, stream: "s", connect, heartBeat: 1 }, 'Unknown option "heartBeat".'],
  ])("refuses %j", async (options, message) => {
    const store = await opened()
    await expect((async () => startSender(store, options as unknown as SenderOptions))()).rejects.toThrow(message)
    expect(store.stats().cursors).toEqual({})
  })
})
