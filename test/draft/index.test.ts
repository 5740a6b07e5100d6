// What "ohmq/draft" exports, and how it is imported.

import { createRequire } from "node:module"

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import { Channel, Peer, Server } from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { runCommand, runProgram } from "../support/process.js"

const seven = ["Client", "Datagram", "Dish", "Gather", "Radio", "Scatter", "Server"]
const loaded = createRequire(import.meta.url)("ohmq/draft") as typeof draft
const warning = /^\(node:\d+\) Warning: The draft sockets of ØMQ are experimental: their API may change at any time\.\n/

describe("ohmq/draft", () => {
  it("enumerates what zeromq/draft does", () => {
    expect(Object.keys(loaded).sort()).toEqual(seven)
  })

  it("has Peer and Channel besides, for require and import", () => {
    expect([loaded.Peer, loaded.Channel, loaded.Server]).toEqual([Peer, Channel, Server])
    expect([draft.Peer, draft.Channel]).toEqual([Peer, Channel])
    for (const socketClass of [Peer, Channel, Server]) expect(socketClass.prototype).toBeInstanceOf(zmq.Socket)
  })

  it("is the same by every way to import it in Node.js itself, and warns once", async () => {
    const { status, stdout, stderr } = await runProgram(`
      import { Channel, Peer, Server } from "ohmq/draft"
      import draft from "ohmq/draft"
      import { createRequire } from "node:module"
      const required = createRequire(process.cwd() + "/x.js")("ohmq/draft")
      console.log(required === draft, required.Peer === Peer, required.Channel === Channel, required.Server === Server)
      console.log(new Peer() instanceof zmq.Socket)`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: "true true true true\ntrue\n" })
    expect(stderr).toMatch(warning)
    expect(stderr.match(/Warning:/g)).toHaveLength(1)
  })

  it("has sockets with events, also if only it is imported", async () => {
    const program = `const { Server } = require("ohmq/draft"); console.log(typeof new Server().events.on)`
    expect(await runCommand(process.execPath, ["-e", program])).toMatchObject({ status: 0, stdout: "function\n" })
  })

  it("says how to get it where libzmq has no draft API", async () => {
    // The very object that the module looks at.
    const program = `require("ohmq").capability.draft = false; require("ohmq/draft")`
    const { status, stderr } = await runCommand(process.execPath, ["-e", program])
    expect(status).toBe(1)
    expect(stderr).toMatch(/This build of ohmq has no draft sockets: libzmq [\d.]+ was built without its draft API\./)
    expect(stderr).toMatch(/ENABLE_DRAFTS=ON/)
  })

  it("does not warn who imports ohmq alone", async () => {
    expect(await runProgram("new zmq.Pull()")).toMatchObject({ status: 0, stderr: "" })
  })
})
