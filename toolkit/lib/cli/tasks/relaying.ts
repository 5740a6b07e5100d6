// `ohmq tasks serve --relay`: the events of the queue go to a relay by a link.

import type { Logger } from "pino"
import { isLocalEndpoint } from "../../config/index.js"
import type { LinkSender } from "../../link/index.js"
import type { Store } from "../../store/index.js"
import { eventsCursor, type SendEventsOptions, sendEvents } from "../../tasks/index.js"
import { UsageError } from "../usage.js"
import { ownCertificate, serverKeyOf } from "./connecting.js"

/** What is given on the command line. */
interface Given {
  relay?: string
  "relay-cert"?: string
  cert?: string
  insecure?: boolean
}

/** The relay, and how the queue connects to it. */
export type RelayLink = Pick<SendEventsOptions, "connect" | "security" | "insecure">

/** How the queue connects to the relay. Checked before anything is opened. */
export async function relayLinkOf(given: Given): Promise<RelayLink | "off" | undefined> {
  const { relay, cert, insecure, "relay-cert": relayCert } = given
  if (relay === undefined || relay === "off") {
    if (relayCert !== undefined) throw new UsageError("--relay-cert needs --relay ENDPOINT")
    return relay
  }
  const connect = relay.split(",")
  const wrong = connect.find((endpoint) => !/^(tcp|ipc):\/\/.+$/.test(endpoint))
  if (wrong !== undefined)
    throw new UsageError(`--relay: Expected an endpoint such as tcp://127.0.0.1:5570, or off, but received "${wrong}"`)
  if (relayCert !== undefined) {
    if (cert === undefined) throw new UsageError("--relay-cert needs --cert FILE, the queue's certificate")
    return { connect, security: { client: await ownCertificate(cert), serverKey: await serverKeyOf(relayCert) } }
  }
  const far = connect.find((endpoint) => !isLocalEndpoint(endpoint))
  if (far !== undefined && insecure !== true)
    throw new UsageError(`--relay: ${far} goes beyond this machine, unencrypted. Add --relay-cert FILE, or --insecure`)
  return { connect, insecure: true }
}

/** Starts to send the events of the queue, if there is a relay. */
export async function sendToRelay(
  store: Store,
  relay: RelayLink | "off" | undefined,
  log: Logger,
): Promise<LinkSender | undefined> {
  const known = store.stats().cursors[eventsCursor]
  if (relay === undefined || relay === "off") {
    if (known === undefined) return undefined
    // Kept without end, they would fill the store.
    if (relay === "off") await store.removeCursor(eventsCursor)
    else
      log.warn({ events: known.waiting }, "Events wait for a relay. Name it by --relay, or give them up by --relay off")
    return undefined
  }
  const sender = await sendEvents(store, relay)
  report(sender, log.child({ relay: relay.connect }))
  return sender
}

function report(sender: LinkSender, log: Logger): void {
  let isFailing = false
  // Of several failures in a row, the first one is logged.
  const fail = ({ message }: Error) => {
    if (!isFailing) log.warn({ reason: message }, "The relay cannot be reached; events wait in the store")
    isFailing = true
  }
  sender.on("connected", () => {
    log.info(isFailing ? "The relay takes events again" : "The relay takes the events of the queue")
    isFailing = false
  })
  sender.on("unreachable", fail)
  sender.on("disconnected", fail)
  // The command has no option for a stream: without the cursor, the next sender begins one.
  sender.on("stopped", ({ message }) =>
    log.error(
      { reason: message },
      "The link to the relay has stopped; events wait in the store. Start the queue once with --relay off, which gives them up, then with --relay as before",
    ),
  )
  sender.on("lost", (events) => log.error({ events }, "Events are missing from the store"))
  sender.on("refused", ({ sequence, reason }) =>
    log.warn({ position: sequence, reason }, "The relay refused an event: it is a dead letter now"),
  )
}
