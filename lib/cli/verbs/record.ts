// ohmq record: messages to a file, with their times.

import type { Message, Socket, Subscriber } from "../../index.js"
import { UsageError } from "../command/exit.js"
import { plural, readable } from "../command/figures.js"
import { choice, defineVerb, flag, list, text, value } from "../command/spec.js"
import { progress, say } from "../command/terminal.js"
import { count, duration } from "../command/values.js"
import { isEndpoint, isProfile } from "../connection/endpoints.js"
import { connectionGroup, securityGroup } from "../connection/options.js"
import { outputOptions } from "../output/options.js"
import { Statistics } from "../output/statistics.js"
import { inWords, rethrow, runSession, type Session } from "../patterns/session.js"
import { type Pattern, patterns } from "../patterns/table.js"
import { type Existing, RecordingWriter } from "../recording/writer.js"

const types = ["sub", "pull", "pair", "dealer", "router"] as const

/** How often the progress is shown, in milliseconds. */
const SHOW = 200

/** The file, before the endpoints. */
export function fileOf(args: readonly string[]): [file: string, endpoints: readonly string[]] {
  const [file, ...endpoints] = args
  if (file === undefined || isEndpoint(file) || isProfile(file))
    throw new UsageError("Expected the name of a file first, such as findings.ohmq")
  return [file, endpoints]
}

async function recordAll(
  { socket, values, signal, messages: extra }: Session,
  writer: RecordingWriter,
  type: string,
): Promise<void> {
  if (extra.length > 0)
    throw new UsageError(`Expected only endpoints after the file, but received ${JSON.stringify(extra[0])}`)
  writer.begin(type)
  const { count: limit, timeout } = values
  const statistics = new Statistics(values.stats)
  let shown = 0
  let messages = 0
  const options = { signal, max: Math.min(limit ?? 256, 256), ...(timeout !== undefined && { timeout }) }
  try {
    for await (const group of socket.batches(options)) {
      const wanted = limit === undefined ? group : group.slice(0, limit - messages)
      const before = writer.bytes
      for (const parts of wanted) writer.add(parts as Message[])
      // At once, so that nothing is lost whatever ends this process.
      writer.flush()
      messages += wanted.length
      statistics.add(wanted.length, writer.bytes - before)
      if (performance.now() - shown > SHOW) {
        shown = performance.now()
        progress(`${plural(messages, "message")}, ${readable(writer.bytes)}`)
      }
      if (messages === limit) break
    }
  } catch (error) {
    if (signal.aborted) return
    rethrow(
      error,
      () => `No message came for ${inWords(timeout as number)}; ${plural(messages, "message")} came before`,
    )
  } finally {
    statistics.end()
    say(`recorded ${plural(messages, "message")} in ${writer.file} (${readable(writer.bytes)})`)
  }
}

export const record = defineVerb({
  name: "record",
  summary: "Records messages in a file, with their times",
  usage: ["FILE ENDPOINT... [OPTIONS]"],
  about: `
    ohmq replay sends what was recorded again, at the same or another speed, or prints it.

    Each message is written when it comes, so that a recording that was killed is complete up to there. Only this user can read the file: what came
    encrypted is not encrypted there. Its format is described in docs/cli.md.
  `,
  groups: [
    {
      title: "Recording",
      options: {
        type: choice(types, "The type of the socket. Default sub."),
        topic: list(text("PREFIX", "sub: record messages that begin with this. Can be repeated. Default all.")),
        count: value("N", "End after this many messages.", count, { short: "n" }),
        duration: value("DURATION", "End after this time, with exit code 0.", duration),
        timeout: value("DURATION", "Give up if no message comes for this long. Exit code 3.", duration, { short: "t" }),
        append: flag("Continue a recording that exists."),
        force: flag("Replace a file that exists."),
        stats: outputOptions.stats,
      },
    },
    connectionGroup,
    securityGroup,
  ],
  examples: [
    {
      what: "What a publisher sends in ten seconds",
      command: "ohmq record findings.ohmq tcp://127.0.0.1:5556 --topic findings. --duration 10s",
    },
    {
      what: "The jobs that are pushed here, after those of yesterday",
      command: "ohmq record jobs.ohmq @tcp://127.0.0.1:5557 --type pull --append --count 1000",
    },
  ],
  async run(call) {
    const { type = "sub", topic, append, force } = call.values
    if (append && force) throw new UsageError("--append and --force exclude each other")
    if (topic !== undefined && type !== "sub") throw new UsageError(`--topic is for --type sub, and not for ${type}`)
    const [file, args] = fileOf(call.args)
    const existing: Existing = append ? "append" : force ? "replace" : "refuse"
    const writer = new RecordingWriter(file, existing)
    try {
      return await runSession(
        { ...call, args },
        patterns[type] as Pattern,
        (socket) => {
          if (type === "sub") (socket as Socket as Subscriber).subscribe(...(topic ?? [""]))
        },
        (session) => recordAll(session, writer, type),
      )
    } finally {
      writer.close()
    }
  },
})
