// ZeroMQ over WebSocket (RFC 45, https://rfc.zeromq.org/spec/45/): the upgrade, and the READY command inside a WebSocket frame.

import type { Buffer } from "node:buffer"

import type { Cause } from "./causes.js"
import type { Examination } from "./examination.js"
import { noteAnswer } from "./greeting.js"
import { acceptedMechanism, openTls, requestUpgrade } from "./questions.js"
import { recognise } from "./recognition.js"
import type { NetworkTarget } from "./target.js"
import type { Wire } from "./wire.js"
import { LARGEST_COMMAND, readCommand } from "./zmtp.js"

/** The payload of the first WebSocket frame (RFC 6455, section 5.2). Undefined while it is incomplete, or if it is too large. */
function payload(bytes: Buffer): Buffer | undefined {
  const short = (bytes[1] ?? 0) & 0x7f
  const head = short === 126 ? 4 : 2
  // A length of 64 bits is too large, and servers do not mask.
  if (bytes.length < head || short === 127 || ((bytes[1] as number) & 0x80) !== 0) return undefined
  const size = short === 126 ? bytes.readUInt16BE(2) : short
  return size > LARGEST_COMMAND || bytes.length < head + size ? undefined : bytes.subarray(head, head + size)
}

async function readReady(examination: Examination, wire: Wire): Promise<Cause | undefined> {
  const end = examination.begin("handshake")
  const ending = await wire.until((bytes) => payload(bytes) !== undefined, examination.timeout)
  const body = payload(wire.bytes)
  // The first byte has the flags.
  const command = body === undefined ? undefined : readCommand(body.subarray(1))
  const answer = noteAnswer(examination, command, end)
  if (answer !== "other") return answer
  end(ending === "ended" ? "the peer closes the connection" : "no READY command", false)
  return ending === "ended" ? "closes-in-handshake" : "silent-in-handshake"
}

/** Examines a peer that should be a ZeroMQ socket inside a WebSocket. Undefined if messages could flow. */
export async function examineWebSocket(
  examination: Examination,
  target: NetworkTarget,
  first: Wire,
): Promise<Cause | undefined> {
  const { facts } = examination
  let wire = first
  if (target.transport === "wss") {
    first.close()
    const end = examination.begin("TLS")
    const result = await openTls(examination, target, examination.timeout)
    if (typeof result === "string") {
      end(`failed (${result})`, false)
      facts.code = result
      return "tls-fails"
    }
    end(`certificate of ${result.subject}`)
    wire = result.wire
  }
  const end = examination.begin("WebSocket")
  await requestUpgrade(wire, target, examination.timeout)
  const mechanism = acceptedMechanism(wire.bytes.toString("latin1"))
  if (mechanism === undefined) {
    if (wire.bytes.length >= 10 && wire.bytes[0] === 0xff) {
      end("the answer is ZMTP", false)
      return "zmtp-without-websocket"
    }
    const found = recognise(wire.bytes)
    facts.protocol = found?.protocol
    facts.banner = found?.banner
    end(found === undefined ? "no answer" : `${found.protocol}: ${found.banner}`, false)
    if (found?.cause === "http") return "http-without-zeromq"
    return found?.cause ?? (wire.hasEnded ? "closes-at-once" : "silent")
  }
  Object.assign(facts, { protocol: "ZMTP", isWebSocket: true, version: "3.1", mechanism })
  end(`ZMTP 3.1 inside WebSocket, ${mechanism}`)
  wire.take(wire.bytes.indexOf("\r\n\r\n") + 4)
  return mechanism === "NULL" ? readReady(examination, wire) : undefined
}
