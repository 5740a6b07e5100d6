import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { open } from "./support/sockets.js"

describe("arguments beyond those that there are", () => {
  it.each(["connect", "disconnect", "bindSync", "unbindSync"] as const)("are refused by %s", (method) => {
    const socket = open(zmq.Push)
    expect(() => (socket[method] as (...args: unknown[]) => void)("tcp://127.0.0.1:9", 1)).toThrow(
      new TypeError("Expected 1 argument but received 2"),
    )
  })

  it("are refused by connect of a router", () => {
    const router = open(zmq.Router)
    expect(() => (router.connect as (...args: unknown[]) => void)("tcp://127.0.0.1:9", {}, 1)).toThrow(
      new TypeError("Expected 2 arguments but received 3"),
    )
  })
})
