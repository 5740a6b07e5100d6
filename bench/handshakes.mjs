// How many CURVE handshakes an Authenticator bears: real ones over tcp from another process, and decisions alone.
// Run: node bench/handshakes.mjs

import { fork } from "node:child_process"
import { once } from "node:events"

import { Context, curveKeyPair, Dealer, Request, Router } from "ohmq"
import { Authenticator, CertificateStore, generateKeyPair, z85Decode } from "ohmq/security"

const MILLISECONDS = 3000
const AT_A_TIME = 60
const DECISIONS = 50_000

/** The clients: each handshake is a socket that asks one question. */
async function connectAgainAndAgain(endpoint, curveServerKey) {
  const { publicKey: curvePublicKey, secretKey: curveSecretKey } = curveKeyPair()
  const ends = performance.now() + MILLISECONDS
  const client = async () => {
    while (performance.now() < ends) {
      const socket = new Request({ linger: 0, curveServerKey, curvePublicKey, curveSecretKey })
      socket.connect(endpoint)
      await socket.send("x")
      await socket.receive()
      socket.close()
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, client))
}

async function measureHandshakes(context) {
  const server = generateKeyPair()
  const authenticator = new Authenticator({ context, curve: "any" })
  let handshakes = 0
  authenticator.on("allowed", () => {
    handshakes += 1
  })
  const router = new Router({ context, security: { server, authenticator } })
  await router.bind("tcp://127.0.0.1:*")
  const serving = (async () => {
    for await (const message of router) await router.send(message)
  })()
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  await once(fork(import.meta.filename, [router.lastEndpoint, server.publicKey]), "exit")
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  router.close()
  await serving
  await authenticator.close()
  console.log(`${Math.round(handshakes / seconds)} handshakes a second over tcp, client and server together`)
  console.log(`${Math.round(handshakes / ((user + system) / 1e6))} handshakes for each second of the server's CPU time`)
}

async function measureDecisions(context) {
  const known = generateKeyPair()
  const authenticator = new Authenticator({ context, curve: new CertificateStore([known]) })
  const dealer = new Dealer({ context, sendHighWaterMark: 0, receiveHighWaterMark: 0 })
  dealer.connect("inproc://zeromq.zap.01")
  const request = ["", "1.0", "1", "global", "10.0.0.1", "", "CURVE", z85Decode(known.publicKey)]
  const started = performance.now()
  for (let count = 0; count < DECISIONS; count += 1) await dealer.send(request)
  for (let count = 0; count < DECISIONS; count += 1) await dealer.receive()
  console.log(`${Math.round(DECISIONS / ((performance.now() - started) / 1000))} decisions a second`)
  dealer.close()
  await authenticator.close()
}

const [endpoint, serverKey] = process.argv.slice(2)
if (endpoint !== undefined) {
  await connectAgainAndAgain(endpoint, serverKey)
  process.exit()
}
const context = new Context()
await measureHandshakes(context)
await measureDecisions(context)
await context.terminate()
