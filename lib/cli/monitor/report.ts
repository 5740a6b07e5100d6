// The events of a socket in words.

import type { Event, EventType } from "../../index.js"
import { paint } from "../command/terminal.js"
import { handshakeFailures, refusals, systemMeaning } from "../connection/failures.js"
import type { Happening } from "./event-list.js"

/** What an event means. */
interface Meaning {
  readonly text: string
  /** What to do about it. */
  readonly advice?: string
}

const meanings: Readonly<Partial<Record<EventType, string>>> = {
  accept: "a peer has connected; the handshake follows",
  bind: "bound: peers can connect",
  connect: "connected; the handshake follows",
  "connect:delay": "connecting",
  close: "closed by this side",
  disconnect: "the connection is lost",
  handshake: "messages can flow",
  end: "no more events",
  unknown: "an event that this version of ohmq does not know",
}

/** The tables have marks of the documentation. */
const plain = (text: string) => text.replaceAll("`", "")

/** An event of a socket in words, with the reason of a failure and what to do about it. */
export function meaningOf({ event, isUnexplained }: Happening): Meaning {
  if (isUnexplained) {
    return {
      text: "the connection is lost in the handshake: the socket types do not fit, or the peer has closed it",
      advice: withEndpoint("See what the peer is: ohmq doctor ENDPOINT.", event as Addresses),
    }
  }
  switch (event.type) {
    case "connect:retry":
      return { text: `no connection; the next attempt is in ${event.interval} ms` }
    case "handshake:error:protocol": {
      const { meaning, advice } = handshakeFailures[event.error.code] ?? {
        meaning: event.error.message,
        advice: undefined,
      }
      return { text: plain(meaning), ...(advice !== undefined && { advice: withEndpoint(advice, event) }) }
    }
    case "handshake:error:auth": {
      const { status } = event.error
      const { meaning, advice } = refusals[status] ?? { meaning: event.error.message, advice: undefined }
      return { text: `status ${status}: ${plain(meaning)}`, ...(advice !== undefined && { advice }) }
    }
    case "handshake:error:other":
      return {
        text: `the handshake failed: ${plain(systemMeaning(event.error))}`,
        advice: withEndpoint("See what speaks there: ohmq doctor ENDPOINT.", event as Addresses),
      }
    case "bind:error":
    case "accept:error":
    case "close:error":
      return { text: plain(systemMeaning(event.error)) }
    default:
      return { text: meanings[event.type] ?? event.type }
  }
}

type Addresses = { readonly [Name in "address" | "localAddress" | "remoteAddress"]?: string }

/** Advice with the endpoint in it. Of a bound socket, only the peer's side can look at it. */
function withEndpoint(advice: string, event: Addresses): string {
  const { address, localAddress, remoteAddress } = event
  if (address === undefined) return advice
  const isBound = address === localAddress
  const where = isBound && remoteAddress !== undefined ? ` on the peer's side (${short(remoteAddress)})` : ""
  return advice.replace("ohmq doctor ENDPOINT", `ohmq doctor ${address}${where}`)
}

const short = (endpoint: string) => endpoint.replace(/^tcp:\/\//, "")

/** Both ends of a connection, this side's first. */
function ends({ localAddress, remoteAddress }: Addresses): string {
  if (localAddress !== undefined && remoteAddress !== undefined)
    return `${short(localAddress)} - ${short(remoteAddress)}`
  return short(remoteAddress ?? localAddress ?? "")
}

const colourOf = (type: EventType) =>
  type.includes("error") ? "red" : type === "handshake" ? "green" : type === "disconnect" ? "yellow" : "cyan"

const TYPE_WIDTH = "handshake:error:protocol".length
const ENDS_WIDTH = "127.0.0.1:65535 - 127.0.0.1:65535".length

/** An event as a line; what to do about a failure is a second one. */
export function eventText(happening: Happening): string {
  const { event, time } = happening
  const { text, advice } = meaningOf(happening)
  const clock = time.toISOString().slice(11, 23)
  const type = paint(colourOf(event.type), event.type.padEnd(TYPE_WIDTH))
  const where = "address" in event ? ends(event as object) || (event.address ?? "") : ""
  const lines = [`${paint("dim", clock)}  ${type}  ${where.padEnd(ENDS_WIDTH)}  ${text}`]
  if (advice !== undefined) lines.push(`${" ".repeat(clock.length)}  ${paint("bold", "Next:")} ${advice}`)
  return `${lines.join("\n")}\n`
}

/** The code of a failure. */
function codeOf(event: Event): string | undefined {
  if (!("error" in event)) return undefined
  return "status" in event.error ? String(event.error.status) : event.error.code
}

/** An event as a line of JSON. */
export function eventJson(happening: Happening): string {
  const { event, time } = happening
  const { text, advice } = meaningOf(happening)
  const { address, localAddress, remoteAddress } = event as Addresses
  return `${JSON.stringify({
    time: time.toISOString(),
    event: event.type,
    address,
    localAddress,
    remoteAddress,
    ...("interval" in event && { interval: event.interval }),
    code: codeOf(event),
    meaning: text,
    advice,
  })}\n`
}
