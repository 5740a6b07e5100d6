// Who is not let in: tried in both directions, and no message passes.

import { once } from "node:events"

import { generateKeyPair } from "ohmq/security"

import { secretOf } from "./keys.mjs"

const patience = 10_000
const within = (promise, what) => {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was not seen within ${patience} ms`)), patience)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** To a socket that was refused already, nobody is there that it could send to. */
export const sendIfPossible = (socket) =>
  socket.send(["let me in"]).catch((error) => {
    if (error.code !== "EAGAIN") throw error
  })

/** A peer comes to a server of ohmq's. `refused` waits until ohmq has turned it away. */
async function comes(lane, mechanism, words, refused) {
  const { ours, peer, setup } = lane
  await ours.open("PULL", setup(mechanism).server.ours)
  const endpoint = await ours.bind(lane.addressFor(mechanism))
  const seen = within(refused(ours), "The refusal")
  seen.catch(() => {})
  await peer.open("PUSH", words)
  await peer.connect(endpoint)
  await sendIfPossible(peer)
  await seen
  const message = ours.socket.tryReceive()
  if (message !== undefined) throw new Error(`A message came in: ${message}`)
}

/** ohmq comes to a server of the peer's. */
async function goes(lane, mechanism, options, refused) {
  const { ours, peer, setup } = lane
  await peer.open("PULL", setup(mechanism).server.theirs)
  const endpoint = await peer.bind(lane.addressFor(mechanism))
  await ours.open("PUSH", options)
  const seen = within(refused(ours), "The refusal")
  seen.catch(() => {})
  await ours.connect(endpoint)
  await sendIfPossible(ours)
  await seen
  const message = await peer.receive(0)
  if (message !== undefined) throw new Error(`A message came in: ${message}`)
}

/** The authenticator's word, for a reason. */
const denied = (reason) => async (ours) => {
  const [decision] = await once(ours.authenticator, "denied")
  if (decision.reason !== reason) throw new Error(`Denied for another reason: ${decision.reason}`)
}

/** The server's word, to this client. */
const told = async (ours) => {
  const { error } = await ours.socket.events.waitFor("handshake:error:auth")
  if (error.status !== 400) throw new Error(`Refused with another status: ${error.status}`)
}

const protocolError = (code) => async (ours) => {
  const { error } = await ours.socket.events.waitFor("handshake:error:protocol")
  if (error.code !== code) throw new Error(`Another error: ${error.code}`)
}

/** Either side may see first that nothing will come of it; what the other sees then differs. */
async function disconnected({ socket }) {
  let agreed = false
  const stop = socket.events.watch(({ type }) => {
    agreed ||= type === "handshake"
  })
  await socket.events.waitFor("disconnect").finally(stop)
  if (agreed) throw new Error("The handshake succeeded")
}

const curveWords = (client, serverKey) => ["curve-client", client.publicKey, secretOf(client), serverKey]

/** By name: what is tried, and the mechanism that the peer must have for it. */
export const refusals = {
  "a key that ohmq does not know": {
    needs: "curve",
    run: (lane) =>
      comes(lane, "curve", curveWords(lane.keys.mallory, lane.keys.server.publicKey), denied("unknown key")),
  },
  "another server's key, to ohmq": {
    needs: "curve",
    run: (lane) =>
      comes(
        lane,
        "curve",
        curveWords(lane.keys.alice, generateKeyPair().publicKey),
        protocolError("ERR_ZMTP_CRYPTOGRAPHIC"),
      ),
  },
  "a wrong password, to ohmq": {
    needs: "plain",
    run: (lane) => comes(lane, "plain", lane.setup("plain", "guess").client.theirs, denied("refused by the handler")),
  },
  "no mechanism, to ohmq with CURVE": {
    needs: "null",
    run: (lane) => comes(lane, "curve", ["null"], disconnected),
  },
  "no mechanism, to ohmq with PLAIN": {
    needs: "null",
    run: (lane) => comes(lane, "plain", ["null"], disconnected),
  },
  "ohmq with a key that the peer does not know": {
    needs: "curve",
    run: (lane) =>
      goes(lane, "curve", { security: { client: lane.keys.mallory, serverKey: lane.keys.server.publicKey } }, told),
  },
  "ohmq with another server's key": {
    needs: "curve",
    run: (lane) =>
      goes(
        lane,
        "curve",
        { security: { client: lane.keys.alice, serverKey: generateKeyPair().publicKey } },
        disconnected,
      ),
  },
  "ohmq with a wrong password": {
    needs: "plain",
    run: (lane) =>
      goes(lane, "plain", lane.setup("plain", "guess").client.ours, lane.tellsOfPasswords ? told : disconnected),
  },
}
