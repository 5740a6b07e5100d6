// `ohmq doctor` in front of each of the other ZeroMQs.

import { describe, expect, it, onTestFinished } from "vitest"

import { examine } from "../cli/doctor/peers.js"
import { sharedFolder } from "../support/folders.js"
import { peers, prepare } from "./peers.mjs"

const folder = sharedFolder()

describe.each(peers)("doctor in front of $name", (peer) => {
  it("says what it is, and what fits", { timeout: 120_000 }, async () => {
    const start = await prepare(peer, folder)
    const process = await start()
    onTestFinished(() => process.end())
    await process.open("ROUTER", ["null"])
    const endpoint = (await process.bind("tcp://127.0.0.1:*")) as string
    expect(await examine(endpoint, "--type", "dealer")).toMatchObject({
      status: 0,
      cause: "well",
      facts: { mechanism: "NULL", socketTypes: ["ROUTER"], version: expect.stringMatching(/^3\.[01]$/) },
    })
    expect(await examine(endpoint, "--type", "sub")).toMatchObject({ status: 1, cause: "unfit" })
  })
})
