// ohmq bench: throughput and round trips, alone or with a peer.

import type { Socket } from "../../index.js"
import { measureAlone, type Plan } from "../bench/alone.js"
import type { Limits } from "../bench/limits.js"
import {
  type Around,
  type Channel,
  echo,
  measureArrivals,
  measureRoundTrips,
  measureSending,
} from "../bench/measuring.js"
import { type Result, type Setting, toJson, toText } from "../bench/results.js"
import { TimeoutError, UsageError } from "../command/exit.js"
import { figure } from "../command/figures.js"
import { type Call, choice, defineVerb, flag, type Options, type Values, value } from "../command/spec.js"
import { progress, say } from "../command/terminal.js"
import { count, duration, size } from "../command/values.js"
import { type ConnectionValues, connectionGroup, securityGroup } from "../connection/options.js"
import { connectionOf, openSocket } from "../connection/socket.js"
import { flushed, writeOut } from "../output/standard-output.js"
import { inWords } from "../patterns/session.js"

const DEFAULT_SIZES = [10, 100, 1024]
const DEFAULT_WARMUP = 300
const DEFAULT_DURATION = 1000
const DEFAULT_TIMEOUT = 10_000
/** After the first message, a sink ends when nothing has come for this long. */
const IDLE = 1000

const types = ["req", "dealer", "rep", "router"] as const
const classes = {
  req: "Request",
  dealer: "Dealer",
  rep: "Reply",
  router: "Router",
  push: "Push",
  pull: "Pull",
} as const

const roles = ["round-trip", "echo", "source", "sink"] as const
type Role = (typeof roles)[number]

interface BenchValues extends ConnectionValues {
  readonly "round-trip"?: true
  readonly throughput?: true
  readonly echo?: true
  readonly source?: true
  readonly sink?: true
  readonly transport?: "tcp" | "ipc" | "inproc"
  readonly curve?: true
  readonly type?: (typeof types)[number]
  readonly size?: number[]
  readonly count?: number
  readonly duration?: number
  readonly warmup?: number
  readonly timeout?: number
  readonly output?: "text" | "json"
}

function limitsOf({ count: limit, duration: time, warmup }: BenchValues): Limits {
  return {
    warmup: warmup ?? DEFAULT_WARMUP,
    ...(limit !== undefined && { count: limit }),
    ...(time !== undefined || limit === undefined ? { duration: time ?? DEFAULT_DURATION } : {}),
  }
}

/** A sink ends when the peer does. */
const sinkLimits = ({ count: limit, duration: time, warmup }: BenchValues): Limits => ({
  warmup: warmup ?? 0,
  ...(limit !== undefined && { count: limit }),
  ...(time !== undefined && { duration: time }),
})

const show = (what: string, messages: number, seconds: number) =>
  progress(`${what}: ${figure(messages / Math.max(seconds, 1e-9))} a second, for ${seconds.toFixed(1)} s`)

async function print(values: BenchValues, setting: Setting, results: readonly Result[]): Promise<void> {
  progress("")
  // Also what was measured up to a signal.
  await writeOut((values.output === "json" ? toJson : toText)(setting, results), new AbortController().signal)
  await flushed()
}

async function runAlone(values: BenchValues, signal: AbortSignal): Promise<undefined> {
  const own = ["cert", "server-cert", "server", "clients", "plain", "passwords", "bind", "type"] as const
  const given = own.find((name) => values[name] !== undefined)
  if (given !== undefined) throw new UsageError(`--${given} needs an endpoint. Without one, use --curve for encryption`)
  const kinds = (["throughput", "round-trip"] as const).filter((kind) => values[kind])
  const plan: Plan = {
    kinds: kinds.length > 0 ? kinds : ["throughput", "round-trip"],
    sizes: values.size ?? DEFAULT_SIZES,
    transport: values.transport ?? "tcp",
    isEncrypted: values.curve === true,
    limits: limitsOf(values),
    hwm: values.hwm,
  }
  if (plan.isEncrypted && plan.transport === "inproc")
    throw new UsageError("--curve: inproc stays within the process, and is never encrypted")
  const measured = measureAlone(plan, signal, (kind, bytes, messages, seconds) =>
    show(`${kind}, ${figure(bytes)} B`, messages, seconds),
  )
  for await (const { setting, results } of measured) await print(values, setting, results)
  return undefined
}

function typeOf(role: Role, { type }: BenchValues): keyof typeof classes {
  if (role === "source" || role === "sink") {
    if (type !== undefined) throw new UsageError(`--type goes with --round-trip and --echo, and not with --${role}`)
    return role === "source" ? "push" : "pull"
  }
  const possible = role === "echo" ? (["rep", "router", "dealer"] as const) : (["req", "dealer"] as const)
  const chosen = type ?? possible[0]
  if ((possible as readonly string[]).includes(chosen)) return chosen
  throw new UsageError(`--${role} is possible with --type ${possible.join(" or ")}, and not with ${chosen}`)
}

function settingOf(role: Role, type: string, endpoint: string, values: BenchValues, limits: Limits): Setting {
  const isCurve = values.cert !== undefined || values["server-cert"] !== undefined || values.server === true
  const warmup = limits.warmup > 0 ? `, after ${limits.warmup / 1000} s of warm-up` : ""
  const name = type.toUpperCase()
  const how = {
    "round-trip": `this side is one end, one message at a time${warmup}`,
    source: `counted where they are handed to ZeroMQ, so some may still be queued${warmup}`,
    sink: `counted where they arrive${warmup}`,
    echo: "",
  }
  return {
    kind: role === "round-trip" ? "round-trip" : "throughput",
    sockets: {
      "round-trip": `${name} to the peer and back`,
      source: `${name} to the peer`,
      sink: `the peer to ${name}`,
      echo: "",
    }[role],
    transport: endpoint.replace(/^(\w+):\/\//, "$1 "),
    security: isCurve ? "CURVE" : values.plain !== undefined || values.passwords !== undefined ? "PLAIN" : "none",
    how: how[role],
  }
}

/** One measurement with a peer. */
async function measure(
  role: Exclude<Role, "echo">,
  { channel, type, bytes, limits }: { channel: Channel; type: string; bytes: number; limits: Limits },
  around: Around,
): Promise<Result> {
  if (role === "round-trip") {
    // A Reply needs the empty part, and any other echo sends it back.
    const envelope = type === "dealer" ? [""] : []
    return { kind: role, size: bytes, histogram: await measureRoundTrips(channel, bytes, limits, around, envelope) }
  }
  if (role === "source")
    return { kind: "throughput", size: bytes, passed: await measureSending(channel, bytes, limits, around) }
  const passed = await measureArrivals(channel, limits, around)
  return { kind: "throughput", size: passed.messages === 0 ? 0 : Math.round(passed.bytes / passed.messages), passed }
}

const countOf = (result: Result) => (result.kind === "throughput" ? result.passed.messages : result.histogram.count)

/** Measures with a peer. */
async function runWithPeer(
  role: Role,
  { args, values, signal }: { args: readonly string[]; values: BenchValues; signal: AbortSignal },
): Promise<undefined> {
  const wrong = (["curve", "transport", "throughput"] as const).find((name) => values[name] !== undefined)
  if (wrong !== undefined) {
    const instead = {
      curve: "Use --cert and --server-cert",
      transport: "The endpoint says it",
      throughput: "Use --source or --sink",
    }
    throw new UsageError(`--${wrong} goes without an endpoint. ${instead[wrong]}`)
  }
  const type = typeOf(role, values)
  const connection = connectionOf(args, values)
  if (connection.rest.length > 0)
    throw new UsageError(`Expected only endpoints, but received ${JSON.stringify(connection.rest[0])}`)
  const zmq = require("../../index.js") as typeof import("../../index.js")
  const opened = await openSocket((options) => new zmq[classes[type]](options) as Socket, connection)
  const channel = opened.socket as unknown as Channel
  const ends = AbortSignal.any([signal, opened.refused])
  let hasSent = false
  try {
    if (role === "echo") {
      say(`echoing at ${opened.addresses.join(", ")}`)
      say(`echoed ${figure(await echo(channel, ends))} messages`)
    } else {
      const limits = role === "sink" ? sinkLimits(values) : limitsOf(values)
      const setting = settingOf(role, type, opened.addresses[0] ?? "", connection.values, limits)
      const results: Result[] = []
      const patience = values.timeout ?? (role === "sink" ? undefined : DEFAULT_TIMEOUT)
      for (const bytes of role === "sink" ? [0] : (values.size ?? DEFAULT_SIZES)) {
        let hasStalled = false
        const around: Around = {
          signal: ends,
          onStall: () => {
            hasStalled = true
          },
          ...(patience !== undefined && { patience }),
          ...(role === "sink" && { idle: IDLE }),
          show: (messages, seconds) =>
            show(role === "sink" ? "received" : `${role}, ${figure(bytes)} B`, messages, seconds),
        }
        const result = await measure(role, { channel, type, bytes, limits }, around)
        if (opened.refused.aborted) throw opened.refused.reason
        if (countOf(result) > 0) results.push(result)
        if (countOf(result) === 0 ? !signal.aborted : hasStalled && role !== "sink") {
          if (results.length > 0) await print(values, setting, results)
          throw new TimeoutError(stalled(role, opened.addresses, patience))
        }
        hasSent = role === "source"
        if (signal.aborted) break
      }
      await print(values, setting, results)
    }
  } finally {
    if (!(await opened.close(hasSent && !signal.aborted))) say("not all messages were delivered within --linger")
  }
  return undefined
}

const stalled = (role: Role, addresses: readonly string[], patience: number | undefined) => {
  const where = addresses.join(", ")
  if (role === "sink") return `No messages came that could be counted at ${where}`
  const what = role === "source" ? "Nobody took messages" : "No echo came"
  return `${what} within ${inWords(patience ?? 0)} at ${where}. Run: ohmq doctor ${addresses[0]}`
}

const sizes = (text: string) => text.split(",").map(size)

export const bench = defineVerb({
  name: "bench",
  summary: "Measures throughput and round trips, alone or with a peer",
  usage: ["[OPTIONS]", "ENDPOINT... --round-trip|--echo|--source|--sink [OPTIONS]"],
  about: `
    Without an endpoint, it starts the other end itself, in a process of its own (for inproc, a thread), and measures both: how many messages a second go from a
    PUSH to a PULL, and how long a message takes from a REQ to a REP and back.

    With an endpoint it is one end, and the peer may be any program: one that sends back what it receives (--round-trip), one that receives
    (--source), or one that sends (--sink). Where there is no such program, ohmq bench ENDPOINT --echo is one.
  `,
  groups: [
    {
      title: "What is measured",
      options: {
        throughput: flag("Alone: measure only throughput."),
        "round-trip": flag("Measure only round trips; with an endpoint, to a peer that echoes."),
        echo: flag("Be the peer that echoes, until a signal."),
        source: flag("Send to a PULL, and measure how fast it takes messages."),
        sink: flag(
          "Receive from a PUSH, and measure how fast messages come: until --count, --duration, or nothing comes for a second.",
        ),
        type: choice(
          types,
          "The type of this socket: req (default) or dealer with --round-trip; rep (default), router or dealer with --echo.",
        ),
        transport: choice(["tcp", "ipc", "inproc"], "Alone: how the ends are connected. Default tcp, on 127.0.0.1."),
        curve: flag("Alone: encrypt, with keys made for it. With an endpoint, use the options below."),
      },
    },
    {
      title: "How much",
      options: {
        size: value("SIZE,...", "The sizes of messages, one after the other. Default 10,100,1Ki.", sizes),
        count: value("N", "End each measurement after this many messages.", count, { short: "n" }),
        duration: value(
          "DURATION",
          "End each measurement after this time. Default 1s, or none with --count.",
          duration,
        ),
        warmup: value("DURATION", "Do not count messages of the first time. Default 300ms; 0 with --sink.", duration),
        timeout: value(
          "DURATION",
          "Give up if nothing passes for this long. Exit code 3. Default 10s; none with --sink.",
          duration,
          { short: "t" },
        ),
        output: choice(["text", "json"], "How results are written: as tables, or as JSON, a line each. Default text.", {
          short: "o",
        }),
      },
    },
    connectionGroup,
    securityGroup,
  ],
  examples: [
    { what: "What this machine can do", command: "ohmq bench" },
    { what: "What encryption costs", command: "ohmq bench --curve --throughput --size 100,64Ki" },
    {
      what: "Round trips to a program that echoes, in any language",
      command: "ohmq bench tcp://127.0.0.1:5555 --round-trip --type dealer --size 100 --count 10k --output json",
    },
  ],
  async run(call: Call<Values<Options>>) {
    const { args, signal } = call
    const values = call.values as BenchValues
    const [role, other] = roles.filter((name) => values[name])
    if (args.length === 0 && values.profile === undefined) {
      if (role !== undefined && role !== "round-trip") throw new UsageError(`--${role} needs an endpoint`)
      return runAlone(values, signal)
    }
    if (role === undefined)
      throw new UsageError("With an endpoint, say what this side is: --round-trip, --echo, --source or --sink")
    if (other !== undefined) throw new UsageError(`--${role} and --${other} exclude each other`)
    return runWithPeer(role, { args, values, signal })
  },
})
