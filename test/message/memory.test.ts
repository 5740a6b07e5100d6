// The memory of messages. The checks are plain JavaScript, for the other runtimes too, and run in a process that must end well.

import * as zmq from "ohmq"
import { Certificate } from "ohmq/security"
import { describe, expect, it } from "vitest"

import { checks } from "../runtimes/checks/memory.mjs"
import { failedChecks, runtimes } from "../runtimes/runtimes.mjs"
import { open } from "../support/sockets.js"

it("is its owner's alone", async () => {
  const here = runtimes[0] as (typeof runtimes)[number]
  expect(await failedChecks(here, "memory")).toEqual({ count: Object.keys(checks).length, failed: {} })
})

describe("receiveMemory", () => {
  it("is shared by default, can be changed, and is refused if it is something else", () => {
    expect(open(zmq.Pull).receiveMemory).toBe("shared")
    const pull = open(zmq.Pull, { receiveMemory: "own" })
    expect(pull.receiveMemory).toBe("own")
    pull.receiveMemory = "shared"
    expect(pull.receiveMemory).toBe("shared")
    const wrong = () => new zmq.Pull({ receiveMemory: "pool" as never })
    expect(wrong).toThrow('Expected receiveMemory to be "own" or "shared", but received "pool" (string)')
    expect(Reflect.get(open(zmq.Push), "receiveMemory")).toBeUndefined()
  })

  it("is own where there is security, unless the program has chosen", () => {
    const certificate = Certificate.generate()
    const security = { client: certificate, serverKey: Certificate.generate() }
    expect(open(zmq.Dealer, { security }).receiveMemory).toBe("own")
    expect(open(zmq.Dealer, { security, receiveMemory: "shared" }).receiveMemory).toBe("shared")
    expect(open(zmq.Dealer, { receiveMemory: "shared", security }).receiveMemory).toBe("shared")
  })
})
