// Encrypted sockets for all processes: keys, free ports, and questions to the orchestrator.

import * as zmq from "ohmq"

// Every process makes its own key pairs, so no secret key ever leaves a process; only public keys do.
const serverKeys = zmq.curveKeyPair()
const clientKeys = zmq.curveKeyPair()

/** All processes agree on the end of the run before anything closes, so nobody needs what is still unsent then. */
const linger = 0

/**
 * Makes a socket that binds to a free port of this machine. Returns it with the link that its clients need: its endpoint
 * and its public key. A client without that key cannot talk to it. To admit known clients only, see ../secure-pipeline.
 */
export async function bind(SocketType, options = {}) {
  const socket = new SocketType({ ...options, linger, curveServer: true, curveSecretKey: serverKeys.secretKey })
  await socket.bind("tcp://127.0.0.1:*")
  return [socket, { endpoint: socket.lastEndpoint, key: serverKeys.publicKey }]
}

/** Makes a socket that connects to a link: it talks only to the holder of the secret half of the link's key. */
export function connect(SocketType, link, options = {}) {
  const socket = new SocketType({
    ...options,
    linger,
    curveServerKey: link.key,
    curvePublicKey: clientKeys.publicKey,
    curveSecretKey: clientKeys.secretKey,
  })
  socket.connect(link.endpoint)
  return socket
}

/** Returns a function that reports facts about a tool to the orchestrator, asks it a question, and resolves with the answer. */
export function askThrough(link, tool, options) {
  const request = connect(zmq.Request, link)
  return async (question, facts = {}) => {
    await request.send(JSON.stringify({ tool, question, facts }), options)
    const [answer] = await request.receive(options)
    return JSON.parse(answer.toString())
  }
}
