// The attackers of storm.mjs: keys that nobody knows, garbage, and connections that are left half open.

import { connect } from "node:net"

import { Dealer } from "ohmq"
import { generateKeyPair } from "ohmq/security"

import { command, greeting } from "../support/zmtp.mjs"

/** One address for each process: the ports of those before may be waiting still. */
const ATTACKER = `127.${1 + ((process.pid >> 8) % 250)}.${process.pid % 256}.2`
const AT_A_TIME = 60
/** How long an attacker waits for an answer: somebody who is turned away "for now" gets none. */
const PATIENCE = 100
const HELD = 200

const [endpoint, curveServerKey, count] = process.argv.slice(2)
const port = Number(/:(\d+)$/.exec(endpoint)[1])
const counts = { badKeys: 0, garbage: 0, halfOpen: 0 }

const { publicKey, secretKey } = generateKeyPair()

/** A whole handshake with a key that is not known. */
async function badKey() {
  const socket = new Dealer({ linger: 0, reconnectInterval: -1 })
  Object.assign(socket, { curveServerKey, curvePublicKey: publicKey, curveSecretKey: secretKey })
  const over = new Promise((resolve) => {
    socket.events.watch(({ type }) => {
      if (type === "disconnect" || type === "handshake:error:auth") resolve()
      else if (type === "connect") setTimeout(resolve, PATIENCE)
    })
  })
  socket.connect(endpoint.replace("//", `//${ATTACKER}:0;`))
  // It waits, and fails when the socket is closed, if the server has ended the connection before.
  socket.send("let me in").catch(() => {})
  await over
  socket.close()
}

const open = () => connect({ port, host: "127.0.0.1", localAddress: ATTACKER }).on("error", () => {})

/** The greeting, and nonsense. */
const noise = Buffer.concat([greeting("CURVE"), command("HELLO", Buffer.alloc(194, "noise"))])

function garbage() {
  const socket = open()
  socket.write(noise)
  socket.resume()
  return new Promise((resolve) => socket.once("close", resolve))
}

/** The greeting, and the head of a frame of 1 GiB. */
const claim = Buffer.concat([greeting("CURVE"), Buffer.from([6, 0, 0, 0, 0, 0x40, 0, 0, 0]), Buffer.alloc(1024)])
const held = []

/** A connection that is held; when there are too many, the oldest goes, with a reset, so that no port is left waiting. */
async function halfOpen() {
  const socket = open()
  const written = new Promise((resolve) => socket.write(claim, resolve))
  socket.resume()
  await written
  held.push(socket)
  if (held.length > HELD) held.shift().resetAndDestroy()
}

const kinds = Object.entries({ badKeys: badKey, garbage, halfOpen })
let left = Number(count)
// Watching events does not keep a process running.
process.channel.ref()

async function work() {
  while (left > 0) {
    const [name, run] = kinds[left % kinds.length]
    left -= 1
    await run()
    counts[name] += 1
  }
}

await Promise.all(Array.from({ length: AT_A_TIME }, work))
for (const socket of held) socket.resetAndDestroy()
process.send(counts, () => process.exit())
