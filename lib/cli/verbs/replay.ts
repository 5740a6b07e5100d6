// ohmq replay: messages of a recording, sent again or printed.

import { UsageError } from "../command/exit.js"
import { plural } from "../command/figures.js"
import { type Call, choice, defineVerb, flag, type Options, type Values, value } from "../command/spec.js"
import { progress, say, warn } from "../command/terminal.js"
import { count, duration } from "../command/values.js"
import { connectionGroup, securityGroup } from "../connection/options.js"
import { outputOptions } from "../output/options.js"
import { watchReader } from "../output/standard-output.js"
import { Statistics } from "../output/statistics.js"
import { publishGroups } from "../patterns/options.js"
import { Printer } from "../patterns/receiving.js"
import { waitForSubscribers } from "../patterns/sending.js"
import { inWords, rethrow, runSession, type Session, type SessionValues } from "../patterns/session.js"
import { type Pattern, patterns } from "../patterns/table.js"
import { paced } from "../recording/pace.js"
import { type Recorded, RecordingReader } from "../recording/reader.js"
import { fileOf } from "./record.js"

const types = ["pub", "push", "pair", "dealer"] as const

/** How often the progress is shown, in milliseconds. */
const SHOW = 200

function speed(text: string): number {
  if (text === "max") return Number.POSITIVE_INFINITY
  const number = /^(\d+(?:\.\d+)?)x?$/.exec(text)?.[1]
  if (number === undefined || Number(number) === 0)
    throw new UsageError(`Expected a factor such as 2 or 0.5, or max, but received ${JSON.stringify(text)}`)
  return Number(number)
}

interface ReplayValues {
  readonly speed?: number
  readonly loop?: boolean
  readonly count?: number
}

/** The messages of the file, when they are due, as often as --loop and --count say. */
async function* messagesOf(
  file: string,
  values: ReplayValues,
  usual: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Recorded[]> {
  const limit = values.count ?? Number.POSITIVE_INFINITY
  let given = 0
  do {
    const reader = new RecordingReader(file)
    const before = given
    try {
      for await (const group of paced(reader.batches(), values.speed ?? usual, signal)) {
        const wanted = group.length > limit - given ? group.slice(0, limit - given) : group
        given += wanted.length
        yield wanted
        if (given === limit) return
      }
    } finally {
      reader.close()
    }
    if (signal.aborted) return
    if (reader.torn !== undefined && before === 0) {
      warn(
        `${file}: the last record is not complete (${reader.torn.bytes} bytes at ${reader.torn.at}), and is left out`,
      )
    }
    if (given === before) return
  } while (values.loop)
}

/** Prints the messages. */
async function print(call: Call<Values<Options>>, file: string): Promise<undefined> {
  const values = call.values as SessionValues & ReplayValues
  const reader = new AbortController()
  const signals = [call.signal, reader.signal]
  if (values.duration !== undefined) signals.push(AbortSignal.timeout(values.duration))
  const signal = AbortSignal.any(signals)
  const printer = new Printer({ values, signal })
  const unwatch = watchReader(() => reader.abort())
  try {
    for await (const group of messagesOf(file, values, Number.POSITIVE_INFINITY, signal)) {
      await printer.print(group.map(({ time, parts }) => ({ parts, time: new Date(time / 1000) })))
      if (signal.aborted) break
    }
  } finally {
    unwatch()
    await printer.end()
  }
}

/** Sends the messages. */
async function send(session: Session, file: string, values: ReplayValues): Promise<void> {
  const { socket, signal } = session
  const { timeout, stats } = session.values
  if (session.pattern === patterns.pub) await waitForSubscribers(session)
  const statistics = new Statistics(stats)
  let shown = 0
  const options = { signal, ...(timeout !== undefined && { timeout }) }
  try {
    for await (const group of messagesOf(file, values, 1, signal)) {
      let sent = group.length
      session.hasSent = true
      try {
        await socket.sendMany(
          group.map(({ parts }) => parts),
          options,
        )
      } catch (error) {
        sent = (error as { sent?: number }).sent ?? 0
        if (signal.aborted) return
        rethrow(error, () => `No peer took a message for ${inWords(timeout as number)}`)
      } finally {
        let bytes = 0
        for (const { parts } of group.slice(0, sent)) for (const part of parts) bytes += part.length
        statistics.add(sent, bytes)
      }
      if (performance.now() - shown < SHOW) continue
      shown = performance.now()
      progress(`${plural(statistics.messages, "message")}`)
    }
  } finally {
    statistics.end()
    say(`sent ${plural(statistics.messages, "message")} of ${file}`)
  }
}

export const replay = defineVerb({
  name: "replay",
  summary: "Sends or prints the messages of a recording",
  usage: ["FILE ENDPOINT... [OPTIONS]", "FILE [--output json] [OPTIONS]"],
  about: `
    With endpoints, it sends the messages of a file that ohmq record made, as far apart as they came, or faster or slower. As a publisher (pub) it waits for a
    subscriber first. Without endpoints it prints them, at once unless --speed is given.
  `,
  groups: [
    {
      title: "Replaying",
      options: {
        speed: value(
          "FACTOR|max",
          "2 is twice as fast, 0.5 half as fast, max as fast as the peers take it. Default 1; max to print.",
          speed,
        ),
        loop: flag("Begin again at the end, until --count, --duration or a signal."),
        count: value("N", "End after this many messages.", count, { short: "n" }),
        duration: value("DURATION", "End after this time, with exit code 0.", duration),
        type: choice(types, "The type of the socket. Default pub."),
        timeout: publishGroups[1].options.timeout,
        "wait-peers": publishGroups[1].options["wait-peers"],
        "no-wait": publishGroups[1].options["no-wait"],
        drop: publishGroups[1].options.drop,
      },
    },
    { title: "Printing", options: outputOptions },
    connectionGroup,
    securityGroup,
  ],
  examples: [
    { what: "To subscribers, as fast as it was recorded", command: "ohmq replay findings.ohmq @tcp://127.0.0.1:5556" },
    {
      what: "To workers, ten times as fast, over and over",
      command: "ohmq replay jobs.ohmq tcp://127.0.0.1:5557 --type push --speed 10 --loop --count 5000",
    },
    { what: "What is in it", command: "ohmq replay findings.ohmq --output json" },
  ],
  async run(call) {
    const { type = "pub", drop, output, format } = call.values
    const [file, args] = fileOf(call.args)
    // Checked before a socket is opened.
    new RecordingReader(file).close()
    if (args.length === 0 && call.values.profile === undefined) return print(call as never, file)
    if (output !== undefined || format !== undefined)
      throw new UsageError("--output and --format are for printing. Leave the endpoints out, or them")
    return runSession(
      { ...call, args } as never,
      patterns[type] as Pattern,
      (socket) => {
        if (type === "pub") Object.assign(socket, { verbosity: "allSubsUnsubs", noDrop: drop !== true })
      },
      (session) => send(session, file, call.values),
    )
  },
})
