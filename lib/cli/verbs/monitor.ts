import { Exit, UsageError } from "../command/exit.js"
import { choice, defineVerb, list, text, value } from "../command/spec.js"
import { say } from "../command/terminal.js"
import { count, duration } from "../command/values.js"
import { connectionGroup, securityGroup } from "../connection/options.js"
import { typeNames } from "../patterns/sockets.js"

const types = typeNames.filter((name) => name !== "dgram")

/** To these, peers send messages that then nobody else gets. */
const receiving = new Set(["pull", "dealer", "pair", "gather", "channel"])

/** The events of a socket, as they happen. */
export const monitor = defineVerb({
  name: "monitor",
  summary: "Opens a socket and prints its events: connections, handshakes and why they fail",
  usage: ["ENDPOINT... --type TYPE [--cert FILE --server-cert FILE]"],
  about: `
A line for each event, with its time (UTC), this side's and the peer's address, and what it means; after a failed handshake also
what to do. ohmq doctor says more of a single peer.

It takes no messages off. Those that peers send to a pull, dealer or pair wait in the socket's queue, up to --hwm, and are lost at the
end: use such a type only where that does no harm. A sub gets nothing without --topic.`,
  groups: [
    {
      title: "Events",
      options: {
        type: { ...choice(types, `The type of the socket: ${types.join(", ")}.`), placeholder: "TYPE" },
        topic: list(text("PREFIX", "sub: subscribe to this. Can be repeated. Default nothing.")),
        output: choice(["text", "json"], "How to write events: text, in columns; json, a line each. Default text.", {
          short: "o",
        }),
        count: value("N", "End after this many events.", count, { short: "n" }),
        timeout: value("DURATION", "Give up if no event comes for this long. Exit code 3.", duration, { short: "t" }),
        duration: value("DURATION", "End after this time, with exit code 0.", duration),
      },
    },
    connectionGroup,
    securityGroup,
  ],
  examples: [
    { what: "Who connects, and who fails", command: "ohmq monitor @tcp://127.0.0.1:5556 --type pub --duration 3s" },
    {
      what: "The first events of a connection, for a script",
      command: "ohmq monitor tcp://127.0.0.1:5556 --type sub --count 2 --output json",
    },
  ],
  async run({ args, values, signal }) {
    const { type } = values
    if (type === undefined) throw new UsageError(`monitor needs --type, the type of its socket: ${types.join(", ")}`)
    if (values.topic !== undefined && type !== "sub") throw new UsageError("--topic is for --type sub")
    const [{ connectionOf, openSocket }, { socketClass }, { EventList }, reports, { writeOut, watchReader }] =
      await Promise.all([
        import("../connection/socket.js"),
        import("../patterns/sockets.js"),
        import("../monitor/event-list.js"),
        import("../monitor/report.js"),
        import("../output/standard-output.js"),
      ])
    const connection = connectionOf(args, values)
    if (connection.rest.length > 0)
      throw new UsageError(`Expected endpoints, but received ${JSON.stringify(connection.rest[0])}`)
    const write = values.output === "json" ? reports.eventJson : reports.eventText
    const events = new EventList()
    const Class = await socketClass(type)
    const ending = new AbortController()
    const unwatch = watchReader(() => ending.abort())
    const { socket, close } = await openSocket(
      (options) => new Class(options),
      connection,
      (created) => {
        events.observe(created)
        if (values.topic !== undefined)
          (created as unknown as { subscribe(...topics: string[]): void }).subscribe(...values.topic)
      },
      // It shows them itself.
      () => undefined,
    )
    if (receiving.has(type)) say(`what peers send to this ${type} is lost when it ends`)
    const signals = [signal, ending.signal]
    if (values.duration !== undefined) signals.push(AbortSignal.timeout(values.duration))
    const all = AbortSignal.any(signals)
    let exit: number = Exit.done
    try {
      for (let written = 0; written < (values.count ?? Number.POSITIVE_INFINITY); written += 1) {
        const next = await events.next(all, values.timeout)
        if (next === undefined) {
          if (!all.aborted) exit = Exit.timedOut
          break
        }
        await writeOut(write(next), all)
      }
    } finally {
      unwatch()
      if (!socket.closed) await close(false)
    }
    if (exit === Exit.timedOut) say("no event came in time")
    return exit
  },
})
