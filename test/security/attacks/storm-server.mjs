// The server of storm.mjs: sends back what it gets, and tells how it is when it is asked.

import { readdirSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

import { Context, Router } from "ohmq"
import { Authenticator, generateKeyPair } from "ohmq/security"

const [known] = process.argv.slice(2)
const context = new Context()
const server = generateKeyPair()

/** How often the policy was asked about a stranger, and how often one was turned away. */
let asked = 0
let told = 0
let fromStrangers = 0
// A function, which may be costly, so that the failure limit holds.
const authenticator = new Authenticator({
  context,
  curve: async ({ publicKey }) => {
    if (publicKey === known) return "good"
    asked += 1
    return false
  },
})
authenticator.on("denied", () => {
  told += 1
})
const router = new Router({ context, security: { server, authenticator } })
await router.bind("tcp://127.0.0.1:*")

async function echo() {
  for await (const { parts, userId } of router.withMetadata()) {
    if (userId !== "good") fromStrangers += 1
    await router.send(parts)
  }
}
void echo()

const descriptors = () => readdirSync("/proc/self/fd").length

process.on("message", async (question) => {
  // Connections that are closed take a moment to go.
  for (let tries = 0, last = -1; question === "settled" && tries < 100 && last !== descriptors(); tries += 1) {
    last = descriptors()
    await sleep(50)
  }
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc()
    await sleep(20)
  }
  const { rss, heapUsed } = process.memoryUsage()
  process.send({ rss, heapUsed, descriptors: descriptors(), asked, told, fromStrangers })
})
process.send({ endpoint: router.lastEndpoint, publicKey: server.publicKey })
