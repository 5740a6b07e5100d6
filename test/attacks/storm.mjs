// Thousands of bad handshakes, while good clients exchange numbered messages with the same server. Three processes: the server,
// whose memory is looked at; the attackers; and the good clients, here.

import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { Dealer } from "ohmq"

import { good } from "./stage.mjs"

const CLIENTS = 4

const child = (file, args, execArgv = []) =>
  fork(new URL(file, import.meta.url), args, { execArgv: ["--no-warnings", ...execArgv] })

async function ask(server, question) {
  server.send(question)
  const [answer] = await once(server, "message")
  return answer
}

/** A good client: numbered messages, each of which must come back, in its turn. */
class Numbered {
  sent = 0
  lost = 0
  /** The longest that one took, in milliseconds. */
  slowest = 0
  #socket = new Dealer({ linger: 0 })
  #going = true
  #loop

  constructor(endpoint, serverKey) {
    // Set here, so that the key pair is that of the policy.
    Object.assign(this.#socket, {
      curveServerKey: serverKey,
      curvePublicKey: good.publicKey,
      curveSecretKey: good.secretKey,
    })
    this.#socket.connect(endpoint)
    this.#loop = this.#run()
  }

  async stop() {
    this.#going = false
    await this.#loop
    this.#socket.close()
  }

  async #run() {
    while (this.#going) {
      const began = performance.now()
      this.sent += 1
      await this.#socket.send(`${this.sent}`)
      const [text] = await this.#socket.receive({ timeout: 10_000 }).catch(() => ["nothing"])
      if (String(text) !== `${this.sent}`) this.lost += 1
      this.slowest = Math.max(this.slowest, performance.now() - began)
    }
  }
}

async function attack(endpoint, serverKey, handshakes) {
  const attacker = child("storm-attacker.mjs", [endpoint, serverKey, `${handshakes}`])
  let counts = {}
  attacker.on("message", (message) => {
    counts = message
  })
  const [status] = await once(attacker, "exit")
  if (status !== 0) throw new Error(`The attackers' process ended with ${status}`)
  return counts
}

/**
 * @param policy How the server knows the good clients: by a "function", which may be costly, or by a "folder" of certificates.
 * @returns What happened: how many handshakes of each kind, what the server's authenticator decided, memory and descriptors
 * of the server before and after, and the good clients' messages.
 */
export async function runStorm(handshakes, policy) {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-storm-"))
  await good.savePublic(path.join(folder, "good.key"))
  const known = policy === "folder" ? folder : good.publicKey
  const server = child("storm-server.mjs", [policy, known], ["--expose-gc"])
  try {
    const [{ endpoint, publicKey }] = await once(server, "message")
    const clients = Array.from({ length: CLIENTS }, () => new Numbered(endpoint, publicKey))
    // What is allocated once is, before memory is looked at: the heap, and the last 10,000 events of the socket.
    await attack(endpoint, publicKey, handshakes * 0.4)
    const before = await ask(server, "state")
    const began = performance.now()
    const counts = await attack(endpoint, publicKey, handshakes)
    const seconds = (performance.now() - began) / 1000
    for (const client of clients) await client.stop()
    const after = await ask(server, "settled")
    const sum = (name) => clients.reduce((total, client) => total + client[name], 0)
    return {
      ...counts,
      handshakes: counts.badKeys + counts.garbage + counts.halfOpen,
      seconds,
      // Of all strangers, those before memory was looked at among them.
      decisions: after.denied,
      events: after.events,
      lookedInto: after.asked,
      heap: [before.heapUsed, after.heapUsed],
      memory: [before.rss, after.rss],
      // The good clients' connections are among those before.
      descriptors: [before.descriptors - CLIENTS, after.descriptors],
      sent: sum("sent"),
      lost: sum("lost"),
      slowest: Math.max(...clients.map(({ slowest }) => slowest)),
      attackerGot: after.fromStrangers,
    }
  } finally {
    server.kill()
    rmSync(folder, { recursive: true })
  }
}
