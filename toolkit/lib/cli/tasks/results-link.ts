// `ohmq tasks serve --link`: how tasks ended, and their findings, as events to a relay.

import type { Logger } from "pino"
import { isLocalEndpoint } from "../../config/index.js"
import type { Store } from "../../store/index.js"
import { type ResultsOptions, type ResultsSender, sendResults } from "../../tasks/index.js"
import { UsageError } from "../usage.js"
import { securityOf } from "./connecting.js"

/** Options of the command line. */
export interface LinkValues {
  link?: string
  "link-server-cert"?: string
  "link-stream"?: string
  cert?: string
}

export type ResultsLink = Pick<ResultsOptions, "connect" | "security" | "insecure" | "stream">

/** Where results go, checked. Undefined if they go nowhere. */
export async function linkOf(values: LinkValues): Promise<ResultsLink | undefined> {
  const { link, cert, "link-server-cert": server, "link-stream": stream } = values
  if (link === undefined) {
    if ((server ?? stream) !== undefined)
      throw new UsageError("--link-server-cert and --link-stream need --link ENDPOINT")
    return undefined
  }
  const connect = link.split(",")
  const wrong = connect.find((one) => !/^(tcp|ipc):\/\/.+$/.test(one))
  if (wrong !== undefined)
    throw new UsageError(
      `--link: Expected the endpoint of a relay, such as tcp://127.0.0.1:5570, but received "${wrong}"`,
    )
  const far = connect.find((one) => !isLocalEndpoint(one))
  if (server === undefined && far !== undefined)
    throw new UsageError(`--link: ${far} goes beyond this machine, unencrypted. Pass --link-server-cert FILE`)
  const security =
    server === undefined ? undefined : await securityOf({ ...(cert !== undefined && { cert }), "server-cert": server })
  return { connect, stream, ...(security ? { security } : { insecure: true }) }
}

/** Begins to send. */
export async function startResults(store: Store, link: ResultsLink, log: Logger): Promise<ResultsSender> {
  const sender = await sendResults(store, link)
  const fails = ({ message }: Error) => log.warn({ reason: message }, "The link fails; results wait in the store")
  let isDown = false
  const once = (error: Error) => {
    if (!isDown) fails(error)
    isDown = true
  }
  sender.on("connected", (endpoint) => {
    log.info({ endpoint, stream: sender.stats().stream }, "Results are sent to the relay")
    isDown = false
  })
  sender.on("unreachable", once)
  sender.on("disconnected", once)
  sender.on("stopped", ({ message }) =>
    log.error({ reason: message }, "The link has stopped. Pass another --link-stream"),
  )
  sender.on("lost", (events) => log.error({ events }, "Entries are missing from the store"))
  sender.on("refused", ({ sequence, reason }) =>
    log.warn({ position: sequence, reason }, "The relay refused an event: it is a dead letter now"),
  )
  return sender
}
