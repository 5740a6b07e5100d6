// Speaks ZMTP by hand up to where messages could flow: it learns version, mechanism and socket type without becoming a peer, so that no
// message is ever sent to it.

import { Buffer } from "node:buffer"

import type { Cause } from "./causes.js"
import type { Examination } from "./examination.js"
import { printable, type Wire } from "./wire.js"
import {
  closingOf,
  type Greeting,
  opening,
  readCommand,
  readFrame,
  readGreeting,
  readMetadata,
  readReason,
} from "./zmtp.js"

/** How long a peer that knows what it wants to say needs at most, before we say more. */
const PATIENCE = 500

const isComplete = (bytes: Buffer) => readGreeting(bytes) !== "incomplete"

/** What came instead of a greeting. */
export type NoGreeting = "closed" | "silent" | "other"

const words: Readonly<Record<NoGreeting, string>> = {
  closed: "the peer closes the connection",
  silent: "the peer says nothing",
  other: "the answer is not ZMTP",
}

/** How a greeting reads. */
export const describeGreeting = ({ version, mechanism, socketType }: Greeting): string =>
  [`ZMTP ${version}`, mechanism, socketType].filter((text) => text !== undefined).join(", ")

/**
 * Exchanges greetings (RFC 37, "Version Negotiation"): the opening first, and the rest when the peer's is known, with its mechanism.
 * @param patience How long to wait, in milliseconds.
 */
export async function greet(examination: Examination, wire: Wire, patience: number): Promise<Greeting | NoGreeting> {
  const end = examination.begin("greeting")
  wire.write(opening)
  let ending = await wire.until(isComplete, Math.min(PATIENCE, patience))
  let isWritten = false
  if (ending === "timeout" && (wire.bytes.length === 0 || wire.bytes[0] === 0xff)) {
    // A peer that knows only ZMTP 3 may wait for all 64 bytes.
    wire.write(closingOf(examination.wishes.mechanism))
    isWritten = true
  }
  if (ending === "timeout") ending = await wire.until(isComplete, patience - Math.min(PATIENCE, patience))
  const greeting = readGreeting(wire.bytes)
  if (typeof greeting === "string") {
    const nothing = wire.bytes.length === 0
    const what: NoGreeting = !nothing ? "other" : ending === "ended" ? "closed" : "silent"
    end(words[what], false)
    return what
  }
  wire.take(greeting.length)
  if (greeting.mechanism !== undefined && !isWritten) wire.write(closingOf(greeting.mechanism))
  end(describeGreeting(greeting))
  return greeting
}

function property(name: string, value: string): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(value.length)
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name), size, Buffer.from(value)])
}

/** Our READY command, for servers that wait for it. */
function ready(type: string): Buffer {
  const body = Buffer.concat([Buffer.from("\x05READY"), property("Socket-Type", type)])
  return Buffer.concat([Buffer.of(4, body.length), body])
}

/** Notes what the metadata of a peer says. */
export function noteMetadata({ facts }: Examination, metadata: ReadonlyMap<string, string>): void {
  const type = metadata.get("socket-type")
  if (type !== undefined) facts.socketTypes = [printable(type, 20)]
  const id = metadata.get("identity") ?? ""
  if (id !== "") facts.routingId = printable(id)
}

/** Ends the handshake by a READY or ERROR command of the peer, undefined if it is READY. "other" for anything else, which ends nothing. */
export function noteAnswer(
  examination: Examination,
  command: ReturnType<typeof readCommand> | undefined,
  end: ReturnType<Examination["begin"]>,
): Cause | undefined | "other" {
  if (command?.name === "READY") {
    noteMetadata(examination, readMetadata(command.data))
    end(`${examination.facts.socketTypes?.[0] ?? "a peer that does not say its socket type"} is ready`)
    return undefined
  }
  if (command?.name !== "ERROR") return "other"
  examination.facts.status = printable(readReason(command.data))
  end(`refused: ${examination.facts.status}`, false)
  return "refused"
}

const hasFrame = (bytes: Buffer) => readFrame(bytes) !== "incomplete"

/**
 * Reads the READY command of a peer without security (RFC 37, "The NULL Security Mechanism"). libzmq sends it unasked. We do not send
 * ours unless the peer waits for it: to libzmq, the handshake stays incomplete.
 */
export async function readReady(examination: Examination, wire: Wire): Promise<Cause | undefined> {
  const end = examination.begin("handshake")
  let ending = await wire.until(hasFrame, Math.min(PATIENCE, examination.timeout))
  if (ending === "timeout") {
    wire.write(ready(examination.wishes.type ?? "DEALER"))
    ending = await wire.until(hasFrame, examination.timeout)
  }
  const frame = readFrame(wire.bytes)
  if (frame === "incomplete") {
    end(ending === "ended" ? "the peer closes the connection" : "no answer to the greeting", false)
    return ending === "ended" ? "closes-in-handshake" : "silent-in-handshake"
  }
  const command = frame === "other" || !frame.isCommand ? undefined : readCommand(frame.body)
  const answer = noteAnswer(examination, command, end)
  if (answer !== "other") return answer
  end("the peer breaks the rules of ZMTP", false)
  return "breaks-the-rules"
}
