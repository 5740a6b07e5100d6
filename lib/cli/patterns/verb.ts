// Makes the verb of a row of the table of patterns.

import { UsageError } from "../command/exit.js"
import type { Group, Verb } from "../command/spec.js"
import { templates } from "../input/options.js"
import { isFromInput } from "../input/source.js"
import { duplexAll } from "./duplex.js"
import {
  dishGroups,
  duplexGroups,
  publishGroups,
  radioGroups,
  receiveGroups,
  replyGroups,
  requestGroups,
  sendGroups,
  subscribeGroups,
} from "./options.js"
import { receiveAll } from "./receiving.js"
import { replyAll, replyOption } from "./reply.js"
import { requestAll } from "./request.js"
import { sendAll, waitForDishes, waitForSubscribers } from "./sending.js"
import { type AnySocket, checkGroup, runSession, type Session, type SessionValues } from "./session.js"
import { type Pattern, patterns } from "./table.js"

const groupsOf = (name: string, { kind }: Pattern): readonly Group[] => {
  if (name === "pub") return publishGroups
  if (name === "radio") return radioGroups
  if (name === "sub") return subscribeGroups
  if (name === "dish") return dishGroups
  return { send: sendGroups, receive: receiveGroups, duplex: duplexGroups, request: requestGroups, reply: replyGroups }[
    kind
  ]
}

const usages = {
  send: ["ENDPOINT... [MESSAGE...]", "ENDPOINT... < FILE"],
  receive: ["ENDPOINT..."],
  duplex: ["ENDPOINT... [MESSAGE...]"],
  request: ["ENDPOINT... [MESSAGE...]"],
  reply: ["ENDPOINT... [--echo | --reply TEXT | --exec COMMAND]"],
} as const

const asList = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value

/** Sets up a socket before it binds or connects. */
function prepare(name: string, socket: AnySocket, values: SessionValues): void {
  const target = socket as AnySocket & {
    subscribe(...topics: string[]): void
    join(...groups: string[]): void
    verbosity: string
    noDrop: boolean
    correlate: boolean
    relaxed: boolean
    mandatory: boolean
  }
  const topics = asList(values.topic)
  if (name === "sub") target.subscribe(...(topics.length > 0 ? topics : [""]))
  if (name === "dish") {
    const groups = asList(values.group)
    if (groups.length === 0) throw new UsageError("A dish needs --group GROUP")
    target.join(...groups.map(checkGroup))
  }
  if (name === "pub") {
    // Each subscription is reported, not only the first one to a topic, so that subscribers can be counted.
    target.verbosity = "allSubsUnsubs"
    target.noDrop = values.drop !== true
  }
  // Otherwise libzmq drops messages to unknown routing ids without a word.
  if (name === "router") target.mandatory = true
  if (name === "req" && (values.retries ?? 0) > 0) {
    target.correlate = true
    target.relaxed = true
  }
}

async function work(name: string, session: Session): Promise<void> {
  const { pattern, values, messages, connection } = session
  if (pattern.kind === "receive" && messages.length > 0) {
    throw new UsageError(`Expected only endpoints, but received ${JSON.stringify(messages[0])}`)
  }
  switch (pattern.kind) {
    case "send":
      if (name === "pub") await waitForSubscribers(session)
      if (name === "radio") await waitForDishes(session)
      return sendAll(session, values.count)
    case "receive":
      return receiveAll(session, () => {})
    case "request":
      return requestAll(session)
    case "duplex":
      return duplexAll(session)
    case "reply": {
      const hasReply = replyOption(session) !== undefined
      if (!hasReply && pattern.socket !== "Reply") return duplexAll(session)
      if (!isFromInput(connection.rest, values))
        throw new UsageError("MESSAGE, --part and --file do not go with replies. Use --reply TEXT")
      return replyAll(session)
    }
  }
}

/** The verb of a pattern. */
export function patternVerb(name: string): Verb {
  const pattern = patterns[name] as Pattern
  const { kind, summary, about, examples } = pattern
  const sends = kind !== "receive"
  const paragraphs = [about, sends ? templates : undefined].filter((text) => text !== undefined)
  return {
    name,
    summary,
    usage: usages[kind],
    ...(paragraphs.length > 0 && { about: paragraphs.join("\n\n") }),
    groups: groupsOf(name, pattern),
    examples,
    run: (call) =>
      runSession(
        call,
        pattern,
        (socket, values) => prepare(name, socket, values),
        (session) => work(name, session),
      ),
  }
}
