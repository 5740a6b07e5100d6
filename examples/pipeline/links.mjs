// Encrypted sockets for all processes: keys, free ports, and questions to the orchestrator.

import * as zmq from "ohmq"

// Every process makes its own key pairs, so no secret key ever leaves a process: only public keys travel.
const serverKeys = zmq.curveKeyPair()
const clientKeys = zmq.curveKeyPair()

/** The end of the run is agreed on before anything closes, so what is still unsent then is of no use to anybody. */
const linger = 0

/**
 * Makes a socket that binds to a free port of this machine. Returns it with the link that its clients need: where it is,
 * and its public key. Who does not know that key cannot talk to it. To let in known clients alone takes ZAP as well.
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

/** Returns a function that tells the orchestrator facts about a tool, asks it a question, and resolves with the answer. */
export function askThrough(link, tool, options) {
  const request = connect(zmq.Request, link)
  return async (question, facts = {}) => {
    await request.send(JSON.stringify({ tool, question, facts }), options)
    const [answer] = await request.receive(options)
    return JSON.parse(answer.toString())
  }
}
