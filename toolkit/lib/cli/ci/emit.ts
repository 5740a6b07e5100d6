// `ohmq emit`: an event, or the findings of a SARIF log, from a script or a CI job to a relay.

import process from "node:process"
import { Dealer, Push } from "ohmq"
import { acceptJson, createEvent, EventError, encode, fromSarif, type SarifLog } from "../../events/index.js"
import type { Target } from "../../gate/connection.js"
import { Exchange } from "../../gate/exchange.js"
import { type Command, ExitError, runAlone } from "../commands.js"
import { plural } from "../terminal.js"
import { isJson, parseUsage, UsageError } from "../usage.js"
import {
  connect,
  connectionFlags,
  connectionHelp,
  connectionOptions,
  exit,
  PeerError,
  peerError,
  targetOf,
  timerOption,
} from "./connection.js"
import { inputOf } from "./input.js"
import { pipelineOf } from "./pipeline.js"

interface Outgoing {
  readonly id: string
  readonly frames: readonly Uint8Array[]
}

/** How many events may be under way. */
const window = 256

/** Sends events to a ROUTER, and resolves once it has answered all. Returns the refusals. */
async function sendAndWait(target: Target, events: readonly Outgoing[], end: AbortSignal): Promise<string[]> {
  const connection = connect(target, Dealer)
  const exchange = new Exchange(connection)
  const refusals: string[] = []
  let stored = 0
  try {
    for (let from = 0; from < events.length; from += window) {
      const pending = new Map(events.slice(from, from + window).map((event) => [event.id, event.frames]))
      await exchange.run(
        () => pending.values(),
        ({ word, rest: [id = "", code, reason] }) => {
          if (word === "decided")
            throw new PeerError("The relay's socket is a gate: use ohmq gate, or send to a source zmq")
          if (pending.delete(id)) {
            if (word === "refused") refusals.push(`${id}: ${reason} (${code})`)
            else stored++
          } else if (word === "refused") throw new PeerError(`The relay refused an event: ${reason} (${code})`)
          return pending.size === 0
        },
        end,
      )
    }
    return refusals
  } catch (thrown) {
    const error = peerError(thrown)
    if (error instanceof PeerError && error.isOtherType)
      throw new PeerError(`${error.message}. --wait-ack needs a source zmq with socket: router, which answers`)
    if (!end.aborted) throw error
    throw new ExitError(
      `${stored} of ${plural(events.length, "event")} stored, then the time was over (--timeout)`,
      exit.timedOut,
    )
  } finally {
    connection.socket.close()
  }
}

/** Sends events, and resolves once they have left. What becomes of them is not known. */
async function send(target: Target, events: readonly Outgoing[], timeout: number, end: AbortSignal): Promise<void> {
  const start = Date.now()
  const sendWith = async (Socket: typeof Dealer | typeof Push) => {
    const { socket, refused } = connect(target, Socket as typeof Push)
    try {
      const signal = AbortSignal.any([end, refused])
      for (const { frames } of events) await socket.send([...frames] as Buffer[], { signal })
    } catch (error) {
      socket.close()
      throw refused.aborted ? peerError(refused.reason) : error
    }
    const left = Math.max(1, timeout - (Date.now() - start))
    await socket.close({ linger: left, wait: true })
    end.throwIfAborted()
  }
  try {
    // The relay's socket is a ROUTER or a PULL: which of them, the handshake tells.
    await sendWith(Dealer).catch((error: unknown) => {
      if (error instanceof PeerError && error.isOtherType) return sendWith(Push)
      throw error
    })
  } catch (error) {
    if (!end.aborted) throw error
    throw new ExitError(`The relay at ${target.endpoint} took nothing in time (--timeout)`, exit.timedOut)
  }
}

type EventValues = { readonly [Name in "data" | "sarif" | "root" | "source" | "subject" | "id"]?: string }

/** The events of the command line. */
function eventsOf(type: string | undefined, values: EventValues): Outgoing[] {
  const { root, source } = pipelineOf()
  const given = values.source ?? source
  try {
    if (values.sarif !== undefined) {
      const bytes = inputOf("sarif", values.sarif)
      let log: SarifLog
      try {
        log = JSON.parse(bytes.toString("utf8")) as SarifLog
      } catch {
        throw new UsageError(`--sarif: ${values.sarif} is not JSON`)
      }
      const events = fromSarif(log, { root: values.root ?? root, ...(values.source && { source: values.source }) })
      // A finding that the log has twice is one event.
      return [...new Map(events.map((event) => [event.id, event])).values()].map((event) => ({
        id: event.id,
        frames: encode(event),
      }))
    }
    const { id, subject } = values
    const init = {
      source: given,
      type: type as string,
      ...(id !== undefined && { id }),
      ...(subject !== undefined && { subject }),
    }
    const event = createEvent(init)
    const frames = values.data === undefined ? encode(event) : acceptJson(event, inputOf("data", values.data)).frames
    return [{ id: event.id, frames }]
  } catch (error) {
    if (error instanceof EventError) throw new UsageError(`${values.sarif ?? "The event"}: ${error.message}`)
    throw error
  }
}

const options = ["data", "sarif", "root", "source", "subject", "id", "output", ...connectionOptions] as const

async function run(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, options, ["wait-ack", "dry-run", ...connectionFlags])
  const [type] = positionals
  const asJson = isJson(values.output)
  if ((type === undefined) === (values.sarif === undefined))
    throw new UsageError("Expected either TYPE, such as scan.finished, or --sarif FILE")
  for (const name of ["data", "id", "subject"] as const)
    if (values.sarif !== undefined && values[name] !== undefined)
      throw new UsageError(`--${name} does not go with --sarif: findings have their own`)
  if (values.root !== undefined && values.sarif === undefined) throw new UsageError("--root goes with --sarif only")
  const timeout = timerOption("timeout", values.timeout ?? "30s")
  const events = eventsOf(type, values)
  if (values["dry-run"] === true) {
    for (const { frames } of events) process.stdout.write(`${String(frames[1])}\n`)
    return 0
  }
  const target = await targetOf(values)
  const end = AbortSignal.timeout(timeout)
  const waits = values["wait-ack"] === true
  let refusals: string[] = []
  if (waits) refusals = await sendAndWait(target, events, end)
  else await send(target, events, timeout, end)
  for (const refusal of refusals) process.stderr.write(`error: refused: ${refusal}\n`)
  const done = events.length - refusals.length
  const id = events[0]?.id
  const what = waits ? "stored" : "sent"
  if (asJson) {
    const result = {
      [what]: done,
      refused: refusals.length,
      ...(type && done > 0 && { id }),
    }
    process.stdout.write(`${JSON.stringify(result)}\n`)
  } else if (type === undefined) process.stdout.write(`${what} ${plural(done, "finding")}\n`)
  // Scripts take the line as a receipt: an event that was refused has none.
  else if (done > 0) process.stdout.write(`${what} ${id}\n`)
  return refusals.length > 0 ? exit.refused : 0
}

const command: Command = {
  usage: "emit (TYPE [--data FILE] | --sarif FILE) [--wait-ack] [--to ENDPOINT]",
  purpose: "send an event, or the findings of a SARIF log, to a relay",
  about: `The relay has a source zmq with socket: router, or pull if nothing waits for an answer.

  --data FILE           the data of the event: JSON, kept byte for byte; - is standard input
  --sarif FILE          send an event finding.reported for each result of a SARIF 2.1.0 log, with an id that stays the same
  --root FOLDER         the folder that was scanned: locations become relative to it. By default the checkout of the CI job
  --source URI          who reports. By default the URL of the run of GitHub Actions, GitLab CI or Jenkins; else /ohmq/cli
  --subject TEXT        what the event is about
  --id TEXT             by default random
  --wait-ack            wait until the relay has the events on disk, and send again what it has not answered: after a kill of the
                        relay, an event may be stored twice, with the same id
  --timeout 30s         how long all of it may take
  --dry-run             send nothing, and print the events, a line of JSON each
  --output json         print one JSON object
${connectionHelp(5562)}

Exit codes: 0 the events are stored (with --wait-ack) or have left this machine (without), 2 wrong usage, 3 not in time,
4 refused by the relay.`,
  run,
}

export const emit = (args: readonly string[]): Promise<number> => runAlone("", command, args)
