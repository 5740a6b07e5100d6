// The examination of an endpoint, from the first step to the cause.

import { existsSync } from "node:fs"

import type { Endpoint } from "../connection/endpoints.js"
import type { Cause } from "./causes.js"
import { openAgain, openTarget, resolve } from "./connection.js"
import type { Examination } from "./examination.js"
import { greet, type NoGreeting, readReady } from "./greeting.js"
import { type Outcome, tryHandshake } from "./handshake.js"
import { bindAddress, type Listened, listen } from "./listening.js"
import { listeningProcess } from "./process.js"
import { ask } from "./questions.js"
import { describe, type Recognised, recognise } from "./recognition.js"
import { parseTarget, type Target } from "./target.js"
import { examineWebSocket } from "./websocket.js"
import type { Wire } from "./wire.js"
import { fitting, readCommand, readFrame } from "./zmtp.js"

/** The types that would fit a peer that is one of these. */
const fittingOf = (types: readonly string[]) => [...new Set(types.flatMap((type) => fitting[type] ?? []))]

/** Whether our type fits the peer's, now that this is known. */
function judgeType({ facts }: Examination, good: Cause): Cause {
  const { ourType, socketTypes } = facts
  if (socketTypes === undefined) return good
  facts.fitting = fittingOf(socketTypes)
  return ourType === undefined || facts.fitting.includes(ourType) ? good : "unfit"
}

/** Socket types whose connection costs the peer nothing: it sends them no messages unasked. */
const harmless = ["REQ", "SUB", "PUSH", "PUB"]

/** What is left if none of the harmless ones fits. */
const others = ["PUSH", "DEALER", "PAIR"]

const causesByOutcome: Readonly<Partial<Record<Outcome, Cause>>> = {
  refused: "refused",
  "no-welcome": "wrong-server-key",
  client: "not-a-server",
  mismatch: "needs-security",
  silent: "silent-in-handshake",
}

/** Tries our key with a real socket; without --type, with those types that do no harm. */
async function examineSecurity(examination: Examination, target: Target): Promise<Cause> {
  const { facts, wishes } = examination
  let last: Outcome = "closed"
  const tried = wishes.type === undefined ? harmless : [wishes.type, ...harmless.filter((type) => type !== wishes.type)]
  for (const type of tried) {
    last = await tryHandshake(examination, target, type)
    const cause = causesByOutcome[last]
    if (cause !== undefined) return cause
    if (last === "ready") {
      facts.socketTypes ??= fitting[type] as string[]
      return judgeType(examination, "well")
    }
    // PLAIN has told the peer's type in the first attempt.
    if (facts.socketTypes !== undefined) return judgeType(examination, "well")
  }
  if (wishes.type === undefined) facts.socketTypes = others
  if (last === "unfit" && wishes.type === undefined) {
    facts.fitting = fittingOf(others)
    return "well"
  }
  return "unfit-or-refused"
}

/** The same mechanism on both sides, or why not. */
async function examineMechanism(examination: Examination, target: Target): Promise<Cause | undefined> {
  const { facts, wishes } = examination
  if (facts.mechanism === wishes.mechanism) {
    return facts.mechanism === "NULL" ? undefined : examineSecurity(examination, target)
  }
  return facts.mechanism === "NULL" ? "not-encrypted" : "needs-security"
}

/** What a server is that does not speak ZMTP. */
async function examineStranger(
  examination: Examination,
  target: Target,
  wire: Wire,
  ending: NoGreeting,
): Promise<Cause> {
  const note = ({ cause, ...more }: Recognised): Cause => {
    Object.assign(examination.facts, more)
    return cause
  }
  const known = recognise(wire.bytes)
  // Some servers take one connection at a time.
  wire.close()
  if (known?.cause === "tls") return note({ ...known, ...(await ask(examination, target, ["TLS"])) })
  // The header Server is missing in most answers to nonsense, and HTTPS servers give them in HTTP, too.
  if (known?.cause === "http") {
    const more = await ask(examination, target, ["HTTP", "TLS"])
    return note(more ?? known)
  }
  if (known !== undefined) return note(known)
  const found = await ask(examination, target)
  if (found !== undefined) return note(found)
  if (ending === "other") return note(describe(wire.bytes))
  return ending === "closed" ? "closes-at-once" : "silent"
}

/** How long a client takes to begin, once both sides have greeted. */
const CLIENT_BEGINS = 100

/** Whether the peer begins the handshake of CURVE or PLAIN itself, as clients do. */
async function isClient(wire: Wire, matters: boolean): Promise<boolean> {
  if (matters) await wire.until((bytes) => readFrame(bytes) !== "incomplete", CLIENT_BEGINS)
  const frame = readFrame(wire.bytes)
  return typeof frame !== "string" && readCommand(frame.body)?.name === "HELLO"
}

/** When a ZeroMQ socket has usually answered. */
const SOON = 1000

/** Examines a peer that was reached over tcp or ipc. */
async function examineStream(examination: Examination, target: Target, first: Wire): Promise<Cause> {
  const { facts, wishes, timeout } = examination
  let wire = first
  let greeting = await greet(examination, wire, Math.min(SOON, timeout))
  if (typeof greeting === "string") {
    const cause = await examineStranger(examination, target, wire, greeting)
    if (cause !== "silent") return cause
    // It may be a slow ZeroMQ socket.
    const second = timeout > SOON ? await openAgain(examination, target) : undefined
    if (second === undefined) return cause
    wire = second
    greeting = await greet(examination, wire, timeout)
    if (typeof greeting === "string") return cause
  }
  Object.assign(facts, { protocol: "ZMTP", version: greeting.version })
  if (greeting.mechanism === undefined) {
    if (greeting.socketType !== undefined) facts.socketTypes = [greeting.socketType]
    return wishes.mechanism === "NULL" ? judgeType(examination, "old") : "old-without-encryption"
  }
  facts.mechanism = greeting.mechanism
  if (facts.mechanism !== "NULL" && (await isClient(wire, facts.mechanism === wishes.mechanism))) return "not-a-server"
  const problem = facts.mechanism === "NULL" ? await readReady(examination, wire) : undefined
  wire.close()
  if (facts.mechanism === "NULL" && wishes.mechanism !== "NULL") return "not-encrypted"
  if (problem !== undefined) return problem
  return (await examineMechanism(examination, target)) ?? judgeType(examination, "well")
}

/** libzmq tries to connect again after 100 to 200 ms. */
const RECONNECTING = 700

/** If nobody listens on this machine: whether the peer connects to the same address. */
async function examineAbsence(examination: Examination, target: Target): Promise<Cause> {
  const { facts, timeout } = examination
  if (target.transport !== "tcp" || !facts.isLocal) return "nothing-listens"
  const options = { host: facts.addresses?.[0] ?? target.host, port: target.port }
  const result = await listen(examination, options, Math.min(RECONNECTING, timeout))
  return result === "zmtp-connects" ? "both-connect" : "nothing-listens"
}

/** Examines an abstract socket by what libzmq says. */
async function examineAbstract(examination: Examination, target: Target): Promise<Cause> {
  const cause = await examineSecurity(examination, target)
  const { facts, wishes } = examination
  facts.protocol = "ZMTP"
  if (cause !== "needs-security") facts.mechanism = wishes.mechanism
  return cause
}

const isWire = (result: Wire | Cause | "abstract"): result is Wire => typeof result !== "string"

async function examinePeer(examination: Examination, target: Target): Promise<Cause> {
  const { facts } = examination
  if (target.transport === "udp") {
    const addresses = await resolve(examination, target.host)
    if (typeof addresses === "string") return addresses
    facts.addresses = addresses
    return "cannot-know"
  }
  const result = await openTarget(examination, target)
  if (result === "abstract") return examineAbstract(examination, target)
  if (!isWire(result)) return result === "nothing-listens" ? examineAbsence(examination, target) : result
  if (facts.isLocal && target.transport !== "ipc") {
    const process = await listeningProcess(target.port)
    if (process !== undefined) facts.process = process
  }
  if (target.transport !== "ws" && target.transport !== "wss") return examineStream(examination, target, result)
  const problem = await examineWebSocket(examination, target, result)
  if (problem !== undefined) return problem
  return (await examineMechanism(examination, target)) ?? judgeType(examination, "well")
}

/** What it means, that an address can or cannot be bound. */
async function examineBound(examination: Examination, target: Target): Promise<Cause> {
  const { facts, timeout } = examination
  if (target.transport === "ipc" && existsSync(target.path)) {
    const result = await openTarget(examination, target)
    if (isWire(result)) {
      await examineStream(examination, target, result)
      return "port-in-use"
    }
    // libzmq replaces a file that nobody listens at.
    return result === "ipc-abandoned" || result === "abstract" ? "nobody-connects" : result
  }
  const options =
    target.transport === "ipc"
      ? { path: target.path.startsWith("@") ? `\0${target.path.slice(1)}` : target.path }
      : { host: bindAddress(target.host), port: target.port }
  const listened: Listened = await listen(examination, options, timeout)
  if (listened === "nobody") return "nobody-connects"
  if (listened === "other-connects") return listened
  if (listened === "zmtp-connects") {
    if (
      facts.mechanism !== undefined &&
      facts.mechanism !== examination.wishes.mechanism &&
      examination.wishes.mechanism !== "NULL"
    ) {
      return "not-encrypted"
    }
    return judgeType(examination, "connects")
  }
  facts.code = listened.code
  if (listened.code !== "EADDRINUSE") return "cannot-bind"
  const there = { ...target, ...(target.transport !== "ipc" && target.host === "*" && { host: "127.0.0.1" }) }
  await examinePeer(examination, there as Target)
  return "port-in-use"
}

/** Examines an endpoint, and says what is the matter. */
export function examine(examination: Examination, endpoint: Endpoint): Promise<Cause> {
  const target = parseTarget(endpoint)
  return endpoint.isBound ? examineBound(examination, target) : examinePeer(examination, target)
}
