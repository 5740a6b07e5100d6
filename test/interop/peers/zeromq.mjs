// A peer for the tests, with zeromq for Node.js. ../peer.mjs describes its commands and answers.

import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { createInterface } from "node:readline"
import * as zmq from "zeromq"

import { typesOf } from "../types.mjs"

const types = typesOf(zmq)

const mechanisms = {
  null: () => ({}),
  "plain-server": () => ({ plainServer: true, zapDomain: "global" }),
  "plain-client": (plainUsername, plainPassword) => ({ plainUsername, plainPassword }),
  "curve-server": (curvePublicKey, curveSecretKey) => ({
    curveServer: true,
    curvePublicKey,
    curveSecretKey,
    zapDomain: "global",
  }),
  "curve-client": (curvePublicKey, curveSecretKey, curveServerKey) => ({
    curvePublicKey,
    curveSecretKey,
    curveServerKey,
  }),
}

const hexed = (part) => part.toString("hex") || "-"
const unhexed = (word) => Buffer.from(word === "-" ? "" : word, "hex")

let socket

const commands = {
  version: () => `zeromq ${createRequire(import.meta.url)("zeromq/package.json").version}, libzmq ${zmq.version}`,

  async authenticate(folder) {
    const passwords = readFileSync(path.join(folder, "passwords"), "utf8").split("\n")
    const clients = path.join(folder, "clients")
    const keys = readdirSync(clients).map((file) =>
      /public-key = "(.*)"/.exec(readFileSync(path.join(clients, file), "utf8"))?.at(1),
    )
    const handler = new zmq.Reply()
    await handler.bind("inproc://zeromq.zap.01")
    const isKnown = (mechanism, credentials) =>
      mechanism === "PLAIN"
        ? passwords.includes(credentials.join("="))
        : mechanism === "CURVE" && keys.includes(z85Encode(credentials[0]))
    const serve = async () => {
      for await (const [version, id, , , , mechanism, ...credentials] of handler) {
        const status = isKnown(String(mechanism), credentials) ? "200" : "400"
        await handler.send([version, id, status, "", "", ""])
      }
    }
    serve()
  },

  open(type, mechanism, ...keys) {
    socket = new types[type]({ linger: 1000, ...mechanisms[mechanism](...keys) })
    if ("sendTimeout" in socket) socket.sendTimeout = 5000
  },

  name(word) {
    socket.routingId = unhexed(word).toString()
  },

  async bind(address) {
    await socket.bind(address)
    return socket.lastEndpoint
  },

  connect: (address) => socket.connect(address),
  subscribe: (word) => socket.subscribe(unhexed(word)),
  unsubscribe: (word) => socket.unsubscribe(unhexed(word)),
  send: (...words) => socket.send(words.map(unhexed)),

  async receive(timeout) {
    socket.receiveTimeout = Number(timeout)
    return (await socket.receive()).map(hexed).join(" ")
  },

  close: () => socket.close(),
}

/** RFC 32. zeromq has none. */
function z85Encode(bytes) {
  const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
  let text = ""
  for (let at = 0; at < bytes.length; at += 4) {
    const value = bytes.readUInt32BE(at)
    for (let power = 85 ** 4; power >= 1; power /= 85) text += digits[Math.floor(value / power) % 85]
  }
  return text
}

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.split(" ")
  try {
    process.stdout.write(`ok ${(await commands[word](...rest)) ?? ""}\n`)
  } catch (error) {
    process.stdout.write(error.code === "EAGAIN" ? "nothing\n" : `error ${error}\n`)
  }
}
process.exit()
