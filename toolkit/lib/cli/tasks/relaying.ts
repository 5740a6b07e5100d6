// `ohmq tasks serve --relay`: the events of the queue go to a relay by a link.

import type { SocketSecurity } from "ohmq"
import type { Logger } from "pino"
import { isLocalEndpoint } from "../../config/index.js"
import { type LinkSender, startSender } from "../../link/index.js"
import type { Entry, Store } from "../../store/index.js"
import { UsageError } from "../usage.js"
import { ownCertificate, serverKeyOf } from "./connecting.js"

/** What is given on the command line. */
interface Given {
  relay?: string
  "relay-cert"?: string
  cert?: string
  insecure?: boolean
}

/** The cursor of the store that says what the relay has. */
const cursor = "relay"

/** What only the queue itself needs: to be opened again, and to free older entries. */
const own = new Set(["task.opened", "task.alive", "task.kept", "task.state"])

/** How the queue connects to the relay. Checked before anything is opened. */
export async function relaySecurity(given: Given): Promise<SocketSecurity | undefined> {
  const { relay, cert, insecure, "relay-cert": relayCert } = given
  if (relay === undefined || relay === "off") {
    if (relayCert !== undefined) throw new UsageError("--relay-cert needs --relay ENDPOINT")
    return undefined
  }
  if (!/^(tcp|ipc):\/\/.+$/.test(relay))
    throw new UsageError(`--relay: Expected an endpoint such as tcp://127.0.0.1:5570, or off, but received "${relay}"`)
  if (relayCert !== undefined) {
    if (cert === undefined) throw new UsageError("--relay-cert needs --cert FILE, the queue's certificate")
    return { client: await ownCertificate(cert), serverKey: await serverKeyOf(relayCert) }
  }
  if (!isLocalEndpoint(relay) && insecure !== true)
    throw new UsageError(
      `--relay: ${relay} goes beyond this machine, unencrypted. Add --relay-cert FILE, or --insecure`,
    )
  return undefined
}

/** Starts to send the events of the queue, if there is a relay. */
export async function sendToRelay(
  store: Store,
  { relay }: Given,
  security: SocketSecurity | undefined,
  log: Logger,
): Promise<LinkSender | undefined> {
  const known = store.stats().cursors[cursor]
  if (relay === undefined || relay === "off") {
    if (known === undefined) return undefined
    // Kept without end, they would fill the store.
    if (relay === "off") await store.removeCursor(cursor)
    else
      log.warn({ events: known.waiting }, "Events wait for a relay. Name it by --relay, or give them up by --relay off")
    return undefined
  }
  const sender = await startSender(store, {
    connect: relay,
    ...(security ? { security } : { insecure: true }),
    cursor,
    select: ({ frames }: Entry) => (own.has(String(frames[0])) ? undefined : frames),
  })
  report(sender, log.child({ relay }))
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
  sender.on("stopped", ({ message }) => log.error({ reason: message }, "The link to the relay has stopped"))
  sender.on("lost", (events) => log.error({ events }, "Events are missing from the store"))
  sender.on("refused", ({ sequence, reason }) =>
    log.warn({ position: sequence, reason }, "The relay refused an event: it is a dead letter now"),
  )
}
