// ohmq proxy: forwards messages between two sockets, natively.

import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"

import type { Proxy as Forwarder, Socket } from "../../index.js"
import { CommandError, UsageError } from "../command/exit.js"
import { defineVerb, flag, list, value } from "../command/spec.js"
import { say } from "../command/terminal.js"
import { duration } from "../command/values.js"
import { type ConnectionValues, connectionOptions, securityOptions } from "../connection/options.js"
import { type Opened, openSocket } from "../connection/socket.js"
import {
  checkSides,
  create,
  isSide,
  pairs,
  type Side,
  type SideName,
  securityOf,
  sideOf,
  sideOption,
} from "../proxy/sides.js"
import { hasSent, progress, Traffic } from "../proxy/traffic.js"

const DEFAULT_DRAIN = 1000
/** Nothing more seems to come, in milliseconds. */
const QUIET = 200

const { bind, linger, hwm, option } = connectionOptions

const groups = [
  {
    title: "Sockets",
    options: {
      front: list(sideOption("The front-end socket. Again, with or without the type, for further endpoints of it.")),
      back: list(sideOption("The back-end socket.")),
      capture: list(sideOption("A socket (pub or push) that gets a copy of every message, both ways.")),
      bind,
      linger,
      hwm,
      option,
    },
  },
  {
    title: "Running",
    options: {
      duration: value("DURATION", "End after this time, as after a signal. Default: run until a signal.", duration),
      stats: flag("Say once a second how much passes, on standard error."),
      drain: value(
        "DURATION",
        "How long to go on forwarding after a signal, until nothing more comes. Default 1s.",
        duration,
      ),
    },
  },
  {
    title: "Security (each side has that of other verbs, under its own name)",
    options: { ...securityOf("front"), ...securityOf("back"), ...securityOf("capture") },
  },
] as const

/** The values of a side: its own security, and what holds for all. */
function valuesOf(side: SideName, values: Readonly<Record<string, unknown>>): ConnectionValues {
  const own = Object.keys(securityOptions).map((name) => [name, values[`${side}-${name}`]] as const)
  const shared = ["linger", "hwm", "option"].map((name) => [name, values[name]] as const)
  return Object.fromEntries([...own, ...shared].filter(([, one]) => one !== undefined))
}

/** The sides that a command line names. */
function sidesOf(args: readonly string[], values: Readonly<Record<string, unknown>>): Side[] {
  const [pairName, ...endpoints] = args
  const pair = pairName !== undefined && Object.hasOwn(pairs, pairName) ? pairs[pairName] : undefined
  const choices = Object.keys(pairs).join(", ")
  if (pairName !== undefined && pair === undefined) {
    const what = isSide(pairName) ? "the name of a pair before the endpoints" : "the name of a pair"
    throw new UsageError(`Expected ${what} (${choices}), but received ${JSON.stringify(pairName)}`)
  }
  if (endpoints.length > 2)
    throw new UsageError(
      `Expected FRONT and BACK, but received ${endpoints.length} endpoints. Add others by --front and --back`,
    )
  const side = (name: SideName, first: string | undefined, type: string | undefined) => {
    const given = [...(first === undefined ? [] : [first]), ...((values[name] as string[] | undefined) ?? [])]
    return sideOf(name, given, { type, bind: values.bind === true, values: valuesOf(name, values) })
  }
  const sides = [side("front", endpoints[0], pair?.front), side("back", endpoints[1], pair?.back)]
  if (values.capture !== undefined) sides.push(side("capture", undefined, undefined))
  checkSides(sides)
  return sides
}

async function open(side: Side): Promise<Opened<Socket>> {
  const { Context } = require("../../index.js") as typeof import("../../index.js")
  const { endpoints, values, name } = side
  // A context can have only one authenticator.
  const isGuarded = (values.clients !== undefined && values.clients !== "any") || values.passwords !== undefined
  try {
    return await openSocket(await create(side), {
      endpoints,
      values,
      rest: [],
      ...(isGuarded && { context: new Context() }),
    })
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const options = new RegExp(`--(?=(?:${Object.keys(securityOptions).join("|")})\\b)`, "g")
    throw new UsageError(error.message.replace(options, `--${name}-`))
  }
}

/** Lets what has arrived pass, for a while. */
async function drain(proxy: Forwarder, { isQueue, limit }: { isQueue: boolean; limit: number }): Promise<void> {
  // What waits behind a pause would be lost.
  proxy.resume()
  const end = performance.now() + limit
  let last = -1
  while (performance.now() < end) {
    const { received, unanswered } = progress(proxy)
    if (received === last && !(isQueue && unanswered > 0)) return
    last = received
    await sleep(Math.min(QUIET, limit))
  }
}

/** Signals that pause and resume. */
function steer(proxy: Forwarder): () => void {
  // Windows has no such signals.
  if (process.platform === "win32") return () => {}
  let hasEnded = false
  const on = (name: "SIGUSR1" | "SIGUSR2", act: () => void, text: string) =>
    // For as long as the process lives: without a listener, SIGUSR1 starts Node's debugger, and SIGUSR2 kills.
    process.on(name, () => {
      if (hasEnded) return
      act()
      say(text)
    })
  on("SIGUSR1", () => proxy.pause(), "paused; SIGUSR2 resumes")
  on("SIGUSR2", () => proxy.resume(), "resumed")
  return () => {
    hasEnded = true
  }
}

const describe = ({ type, endpoints }: Side, { addresses }: Opened<Socket>) =>
  `${type} ${addresses.map((address, index) => (endpoints[index]?.isBound ? `@${address}` : address)).join(" ")}`

/** Opens the sockets, all or none. */
async function openAll(sides: readonly Side[]): Promise<Opened<Socket>[]> {
  const opened: Opened<Socket>[] = []
  try {
    for (const side of sides) opened.push(await open(side))
  } catch (error) {
    for (const one of opened) await one.close(false)
    throw error
  }
  return opened
}

export const proxy = defineVerb({
  name: "proxy",
  summary: "Forwards messages between two sockets, as brokers do",
  usage: ["queue|forwarder|streamer FRONT BACK [OPTIONS]", "--front TYPE:ENDPOINT --back TYPE:ENDPOINT [OPTIONS]"],
  about: `
    queue is router and dealer, for requests and replies; forwarder is xsub and xpub, for publishers and subscribers; streamer is pull and
    push. Types are router, dealer, xsub, xpub, sub, pub, pull, push and pair. An endpoint is bound if it starts with @ or contains *.

    Signals steer it: SIGUSR1 pauses it, and messages wait in the queues; SIGUSR2 resumes. SIGINT and SIGTERM end it: it forwards what has
    arrived and waits for outstanding replies (of router and dealer), as long as --drain says, then delivers what is queued, as long as --linger
    says. A second signal ends it at once.
  `,
  groups,
  examples: [
    {
      what: "Requests and replies, with any number of workers",
      command: "ohmq proxy queue @tcp://127.0.0.1:5555 @tcp://127.0.0.1:5556 --duration 1s",
    },
    {
      what: "Publishers and subscribers, with a copy of everything, and statistics",
      command:
        "ohmq proxy --front xsub:@tcp://127.0.0.1:5555 --back xpub:@tcp://127.0.0.1:5556 --capture pub:@tcp://127.0.0.1:5557 --stats --duration 2s",
    },
  ],
  async run({ args, values, signal }) {
    const sides = sidesOf(args, values)
    const { Proxy: ZmqProxy } = require("../../index.js") as typeof import("../../index.js")
    const opened = await openAll(sides)
    const [front, back, capture] = opened.map(({ socket }) => socket) as [Socket, Socket, Socket?]
    const forwarder = new ZmqProxy(front, back, { ...(capture !== undefined && { capture }) })
    const lingers = opened.map(({ socket }) => socket.linger)
    const stopSteering = steer(forwarder)
    const running = forwarder.run()
    const [from, to, copy] = sides.map((side, index) => describe(side, opened[index] as Opened<Socket>))
    say(`forwarding between ${from} and ${to}${copy === undefined ? "" : `, with a copy to ${copy}`}`)
    const traffic = new Traffic(forwarder)
    const timer = values.stats === true ? setInterval(() => traffic.sayRate(), 1000) : undefined
    const limit = values.duration === undefined ? [] : [AbortSignal.timeout(values.duration)]
    const ends = AbortSignal.any([signal, ...limit, ...opened.map(({ refused }) => refused)])
    const aborted = new Promise<void>((resolve) => {
      if (ends.aborted) resolve()
      else ends.addEventListener("abort", () => resolve())
    })
    let isDelivered = true
    try {
      await Promise.race([running, aborted])
      stopSteering()
      const refusal = opened.find(({ refused }) => refused.aborted)
      if (refusal !== undefined) throw refusal.refused.reason
      const isQueue = sides[0]?.type === "router" && sides[1]?.type === "dealer"
      await drain(forwarder, { isQueue, limit: values.drain ?? DEFAULT_DRAIN })
    } finally {
      clearInterval(timer)
      // They close when the proxy has given them back. Where nothing was sent, there is nothing to deliver.
      const sent = hasSent(forwarder)
      const closing = Promise.all(
        opened.map(async ({ socket }, index) => {
          const start = performance.now()
          const own = sent[index] ? (lingers[index] as number) : 0
          await socket.close({ linger: own, wait: true })
          return own <= 0 || performance.now() - start < own
        }),
      )
      forwarder[Symbol.dispose]()
      isDelivered = (await closing).every(Boolean)
      for (const one of opened) await one.close(false)
      traffic.sayTotal()
    }
    await running
    if (isDelivered) return undefined
    throw new CommandError("Not all that was queued could be delivered within --linger")
  },
})
