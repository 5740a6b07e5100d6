// The server of storm.mjs: sends back what it receives, and reports its state when it is asked.

import { readdirSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

import { Context, Router } from "ohmq"
import { Authenticator, generateKeyPair } from "ohmq/security"

/** A public key, which a function knows, or a folder of certificates. */
const [policy, known] = process.argv.slice(2)
const context = new Context()
const server = generateKeyPair()

/** How often the function was asked about a stranger, how often one was turned away, and in how many events that was told. */
let asked = 0
let denied = 0
let events = 0
let fromStrangers = 0
const ask = async ({ publicKey }) => {
  if (publicKey === known) return "good"
  asked += 1
  return false
}
const authenticator = new Authenticator({ context, curve: policy === "folder" ? known : ask })
authenticator.on("denied", ({ count }) => {
  denied += count
  events += 1
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
  const state = { rss, heapUsed, descriptors: descriptors() }
  // Then it reports those that it has not reported yet.
  if (question === "settled") await authenticator.close()
  process.send({ ...state, asked, denied, events, fromStrangers })
})
process.send({ endpoint: router.lastEndpoint, publicKey: server.publicKey })
