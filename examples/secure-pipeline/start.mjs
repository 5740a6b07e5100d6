// A pipeline that allows only known clients: a server hands out tasks to workers with certificates, and denies access to a rogue worker with
// an unknown key. The audit log shows that.

import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { Router } from "ohmq"
import { Authenticator, generateKeyPair, verifiedSender } from "ohmq/security"

const workers = ["worker-1", "worker-2"]
const tasks = Array.from({ length: 10 }, (_, index) => `scan part ${index + 1}`)

const folder = mkdtempSync(path.join(tmpdir(), "ohmq-secure-pipeline-"))
const clients = path.join(folder, "clients")

/** An administrator does this once: generates a certificate for the server and one for each worker. */
async function makeCertificates() {
  mkdirSync(clients, 0o755)
  const server = generateKeyPair({ name: "server" })
  await server.savePublic(path.join(folder, "server.key"))
  for (const name of workers) {
    const certificate = generateKeyPair({ name })
    await certificate.savePublic(path.join(clients, `${name}.key`)) // the server needs the public certificate
    await certificate.saveSecret(path.join(folder, `${name}.key_secret`)) // the worker needs the secret one
  }
  return server
}

function startWorker(name, endpoint) {
  const args = [name, endpoint, path.join(folder, `${name}.key_secret`), path.join(folder, "server.key")]
  return fork(path.join(import.meta.dirname, "worker.mjs"), args, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
}

const audit = ({ outcome, reason, userId, publicKey, mechanism, address }) =>
  console.log(`audit: ${outcome} ${userId ?? publicKey ?? "nobody"} (${mechanism} from ${address}): ${reason}`)

const server = await makeCertificates()
const authenticator = new Authenticator({ curve: clients })
authenticator.on("allowed", audit)
authenticator.on("denied", audit)

const router = new Router({ security: { server, authenticator } })
await router.bind("tcp://127.0.0.1:*")

const denied = once(authenticator, "denied")
const children = [...workers, "rogue"].map((name) => startWorker(name, router.lastEndpoint))
await denied

const done = new Map()
const ready = []
let next = 0
while (done.size < tasks.length) {
  const message = await router.receiveWithMetadata({ timeout: 10_000 })
  const [peer, claimed, result] = message.parts
  // The owner of the key that sent the message, who must be the one that the message claims.
  const worker = verifiedSender(message, { claimed, oneOf: workers })
  if (result.length > 0) done.set(result.toString(), worker)
  ready.push(peer)
  // Sends no task before all workers are ready.
  if (next === 0 && ready.length < workers.length) continue
  for (const id of ready.splice(0)) if (next < tasks.length) await router.send([id, tasks[next++]])
}
for (const task of tasks)
  console.log(`${task}: done by ${workers.includes(done.get(task)) ? "a worker" : "a stranger"}`)

const exits = children.map((child) => once(child, "exit"))
for (const child of children) child.disconnect()
await Promise.all(exits)
router.close()
await authenticator.close()
server.destroy()
rmSync(folder, { recursive: true })
