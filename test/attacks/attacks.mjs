// The attacks: what each does to a server, at which open door it would get through, and what says that it is over.

import { setTimeout as sleep } from "node:timers/promises"

import { generateKeyPair } from "ohmq/security"

import { command, frame, greeting, isMessage, nameOf, plainClient } from "../support/zmtp.mjs"
import { ATTACKER, good, mallory } from "./stage.mjs"

const TIMEOUT = { timeout: 5000 }

/** Resolves when the authenticator has turned somebody away. */
async function denied(stage) {
  const { authenticator, told } = stage
  if (authenticator === undefined) return "nobody is asked"
  const find = () => told.find(({ outcome }) => outcome === "denied")
  if (find() === undefined) {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(reject, 5000, new Error("Nobody was turned away"))
      authenticator.once("denied", () => resolve(clearTimeout(timer)))
    })
  }
  return `denied: ${find().reason}`
}

async function closedByServer({ closed }) {
  await closed
  return "connection closed"
}

/** By hand, in one go, and then step by step. */
async function sayBothWays(stage, steps, messages) {
  const atOnce = await stage.raw(steps, { messages, atOnce: true })
  const inTurn = await stage.raw(steps, { messages })
  await closedByServer(atOnce)
  return closedByServer(inTurn)
}

/** A client of libzmq with some key. */
const withKey =
  (key, options = {}) =>
  async (stage) => {
    stage.say(stage.attacker(key, options))
    return denied(stage)
  }

async function wrongServerKey(stage) {
  const failed = stage.server.socket.events.waitFor("handshake:error:protocol", TIMEOUT)
  stage.say(stage.attacker(good, { server: generateKeyPair() }))
  return `handshake failed: ${(await failed).error.code}`
}

/** A client that was let in, and whose key is then revoked. */
async function revokedWhileConnected(stage) {
  const attacker = stage.attacker(mallory, { from: ATTACKER })
  await stage.flow(attacker, "before")
  const gone = stage.server.socket.events.waitFor("disconnect", TIMEOUT)
  stage.authenticator.revoke(mallory)
  await gone
  await stage.leave([], stage.type.one ? 0 : 1)
  stage.say(attacker)
  return `disconnected; ${await denied(stage)}`
}

async function revokedBefore(stage) {
  stage.authenticator?.revoke(mallory)
  return withKey(mallory, { from: ATTACKER })(stage)
}

/** Says again, byte for byte, all that a good client has said. */
async function replayHandshake(stage) {
  const relay = await stage.relay()
  const victim = stage.client(good, { to: relay.endpoint })
  await stage.flow(victim, "evil once")
  const [connection] = relay.connections
  const gone = stage.server.socket.events.waitFor("disconnect", TIMEOUT)
  victim.close()
  await gone
  const before = stage.arrived
  stage.discount(before)
  const steps = connection.said.map(({ bytes, answers }) => ({ bytes, when: ({ length }) => length >= answers }))
  return sayBothWays(stage, steps, before)
}

/**
 * A client whose messages pass through a relay, which does something to one of them.
 *
 * @param count Says by all that has come how much of that is the attacker's.
 */
async function tamper(stage, change, count) {
  const direction = stage.type.begins === "server" ? "toClient" : "toServer"
  let state = "waits"
  let held = []
  const relay = await stage.relay((piece, way) => {
    if (state !== "armed" || way !== direction || !isMessage(piece)) return piece.bytes
    held.push(piece.bytes)
    // Parts of a message go together; those of CURVE cannot be told apart.
    if (nameOf(piece) !== "MESSAGE" && (piece.bytes[0] & 1) === 1) return Buffer.alloc(0)
    state = "done"
    const all = Buffer.concat(held)
    held = []
    return change(all)
  })
  const victim = stage.client(good, { to: relay.endpoint })
  await stage.flow(victim, "first")
  const [from, to] = stage.ends(victim)
  state = "armed"
  // The server may send to the good client first.
  for (let number = 1; state === "armed"; number += 1) {
    from.offer(`evil ${number} ~`)
    await sleep(2)
    if (number > 500) throw new Error("No message came through the relay")
  }
  stage.sent = 1
  stage.connections = 1
  stage.count(() => count(to.received))
  await relay.connections[0].closed
  await stage.leave([victim], stage.type.one ? 0 : 1)
  return "connection closed"
}

const replayMessage = (stage) =>
  tamper(
    stage,
    (bytes) => Buffer.concat([bytes, bytes]),
    (received) => received.length - new Set(received).size,
  )

const flipBit = (stage) =>
  tamper(
    stage,
    (bytes) => {
      const altered = Buffer.from(bytes)
      altered[altered.length - 1] ^= 1
      return altered
    },
    // All messages that pass there end in a tilde, which one bit makes a DEL.
    (received) => received.filter((text) => text.endsWith("\x7f")).length,
  )

/** A client by hand that speaks without encryption. */
const speak =
  (dialect, metadata = {}) =>
  async (stage) => {
    const { parts, zmtp, hello } = stage.type
    const messages = ["evil 1", "evil 2", "evil 3"].map(parts)
    const steps = plainClient(dialect, { type: zmtp, messages, metadata, ...hello })
    return sayBothWays(stage, steps, messages.length)
  }

async function garbage(stage) {
  const noise = Buffer.alloc(4096, "evil")
  const say = (bytes) => stage.raw([{ bytes: Buffer.concat([greeting("CURVE"), bytes]) }], { messages: 1 })
  const bare = await say(noise)
  const framed = await say(command("HELLO", noise.subarray(0, 194)))
  await closedByServer(bare)
  return closedByServer(framed)
}

/** Half a handshake, and nothing more; the connection is held. */
async function truncated(stage) {
  const hello = command("HELLO", Buffer.alloc(194, "evil"))
  const say = (bytes, messages) => stage.raw([{ bytes }], { messages })
  await say(greeting("CURVE").subarray(0, 11), 0)
  await say(greeting("CURVE"), 0)
  await say(Buffer.concat([greeting("CURVE"), hello.subarray(0, 100)]), 1)
  return "held open, unanswered"
}

/** A frame said to be far larger than the machine's memory, and one said to be of 1 GiB, of which 1 MiB comes. */
async function oversized(stage) {
  const claim = (size) => {
    const head = frame(Buffer.alloc(256)).subarray(0, 9)
    head.writeBigUInt64BE(size, 1)
    return stage.raw([{ bytes: Buffer.concat([greeting("CURVE"), head, Buffer.alloc(2 ** 20, "evil")]) }], {
      messages: 1,
    })
  }
  await claim(2n ** 30n)
  return closedByServer(await claim(2n ** 63n - 1n))
}

/**
 * `door` is where the attack gets through: how the server stands in the control. Where it has none, the attack carries no
 * message that could. (Groups cannot be joined in old versions of ZMTP, so nothing gets through to a Radio, `except`.)
 */
export const attacks = {
  a: { title: "unknown client key", run: withKey(generateKeyPair(), { from: ATTACKER }), door: "any" },
  b: { title: "wrong server key", run: wrongServerKey },
  c1: { title: "key revoked before it connects", run: revokedBefore, door: "any" },
  c2: { title: "key revoked while it is connected", run: revokedWhileConnected, alone: true },
  d1: { title: "handshake replayed byte for byte", run: replayHandshake, door: "null", alone: true },
  d2: { title: "a message replayed in a live session", run: replayMessage, door: "null", alone: true },
  e1: { title: "downgrade to NULL, ZMTP 3.1", run: speak("3.1"), door: "null" },
  e2: { title: "downgrade to PLAIN, ZMTP 3.1", run: speak("PLAIN"), door: "plain" },
  e3: { title: "downgrade to ZMTP 3.0", run: speak("3.0"), door: "null" },
  e4: { title: "downgrade to ZMTP 2.0", run: speak("2.0"), door: "null", except: ["Radio"] },
  e5: { title: "downgrade to ZMTP 1.0", run: speak("1.0"), door: "null", except: ["Radio"] },
  f: { title: "one bit of a ciphertext flipped", run: flipBit, door: "null", alone: true },
  g1: { title: "garbage after the greeting", run: garbage },
  g2: { title: "handshake abandoned and left open", run: truncated },
  h: {
    title: "address denied",
    run: withKey(mallory, { from: ATTACKER }),
    door: "any",
    policy: { addresses: { deny: [ATTACKER] } },
  },
  i: { title: "another user's User-Id in the metadata", run: speak("3.1", { "User-Id": "good" }), door: "null" },
  j: { title: "oversized frame before the handshake", run: oversized },
}
