// A process that has one socket of another ZeroMQ, and uses it as the test says: one of peers/.
//
// It reads commands from stdin, one a line, and answers each with a line: "ok" and what was asked for, "nothing" when no
// message came in time or there was no room for one, or "error" and why. Bytes are in hex; "-" stands for none. The commands are
//
//   version                             its name and versions
//   authenticate FOLDER                 servers let in the certificates of FOLDER/clients, and USER=PASSWORD of FOLDER/passwords
//   open TYPE MECHANISM [KEY...]        a socket: "open PUSH null", or plain-server, plain-client USER PASSWORD,
//                                       curve-server PUBLIC SECRET, curve-client PUBLIC SECRET SERVER'S
//   name HEX                            its routing id
//   bind ADDRESS                        answers with the endpoint
//   connect ADDRESS
//   subscribe HEX, unsubscribe HEX
//   send HEX...                         a message of parts
//   receive MILLISECONDS                answers with the parts
//   close
//   save FILE NAME, load FILE           certificates, where the package has them; load answers with PUBLIC SECRET

import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

/** How long an answer may take, in milliseconds. */
const patience = 20_000

const toHex = (part) => Buffer.from(part).toString("hex") || "-"
const fromHex = (word) => Buffer.from(word === "-" ? "" : word, "hex")

/** A promise and what settles it. */
function deferred() {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}

export class Peer {
  #child
  #stderr = ""
  /** Those who wait for an answer, in order. */
  #waiting = []
  #ended

  constructor(command, args) {
    this.#child = spawn(command, args, { stdio: "pipe", env: { ...process.env, NODE_OPTIONS: "" } })
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#stderr = (this.#stderr + text).slice(-4000)
    })
    this.#child.stdin.on("error", () => {})
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#waiting.shift()?.resolve(line))
    const ended = deferred()
    this.#ended = ended.promise
    this.#child.on("error", (error) => this.#end(`does not start: ${error.message}`, ended))
    this.#child.on("close", (code, signal) => this.#end(`ended with ${code ?? signal}\n${this.#stderr}`, ended))
  }

  #end(why, ended) {
    this.failure ??= new Error(`The peer ${why}`)
    for (const { reject } of this.#waiting.splice(0)) reject(this.failure)
    ended.resolve()
  }

  /** What it answers, as text; undefined for "nothing". */
  async ask(...words) {
    if (this.failure !== undefined) throw this.failure
    const answer = deferred()
    this.#waiting.push(answer)
    const timer = setTimeout(() => {
      this.failure = new Error(`The peer has not answered within ${patience} ms: ${words.join(" ").slice(0, 200)}`)
      this.#child.kill("SIGKILL")
    }, patience)
    try {
      this.#child.stdin.write(`${words.join(" ")}\n`)
      const line = await answer.promise
      if (line === "nothing") return undefined
      if (line.startsWith("ok")) return line.slice("ok ".length).trim()
      throw new Error(`The peer says, to ${words[0]}: ${line}`)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Lets it end by itself. */
  async end() {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000)
    this.#child.stdin.end()
    await this.#ended
    clearTimeout(timer)
  }

  // --- The socket, with the methods of ours.mjs

  async open(type, setup, { name } = {}) {
    this.type = type
    this.name = name
    await this.ask("open", type, ...setup)
    if (name !== undefined) await this.ask("name", toHex(name))
  }

  bind = (address) => this.ask("bind", address)
  connect = (endpoint) => this.ask("connect", endpoint)
  subscribe = (topic) => this.ask("subscribe", toHex(topic))
  unsubscribe = (topic) => this.ask("unsubscribe", toHex(topic))
  close = () => this.ask("close")

  async send(parts) {
    if ((await this.ask("send", ...parts.map(toHex))) !== undefined) return
    throw Object.assign(new Error("The peer has no room for a message"), { code: "EAGAIN" })
  }

  /** A message, or undefined when none comes. */
  async receive(timeout = 10_000) {
    return (await this.ask("receive", timeout))?.split(" ").map(fromHex)
  }
}
