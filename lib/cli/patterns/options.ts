// The options of the pattern verbs, by what the verb does.

import { flag, list, text, value } from "../command/spec.js"
import { count, duration, whole } from "../command/values.js"
import { connectionGroup, securityGroup } from "../connection/options.js"
import { inputOptions, repeatOption } from "../input/options.js"
import { outputOptions } from "../output/options.js"

const sending = {
  title: "Messages to send",
  options: {
    ...inputOptions,
    count: value("N", "Send at most this many messages. With a MESSAGE, exactly this many.", count, { short: "n" }),
  },
} as const

const receiving = { title: "Messages received", options: outputOptions } as const

const statistics = { stats: outputOptions.stats }

const peers = {
  "wait-peers": value("N", "Wait for this many subscriptions before the first message. Default 1.", whole),
  "no-wait": flag("Do not wait for subscribers."),
  drop: flag("Drop messages for subscribers that are slow, instead of waiting for them."),
}

const timing = (what: string) => ({
  timeout: value("DURATION", `${what} Exit code 3.`, duration, { short: "t" }),
})

const limit = { duration: value("DURATION", "End after this time, with exit code 0.", duration) }

const common = [connectionGroup, securityGroup] as const

export const sendGroups = [
  sending,
  { title: "Sending", options: { ...timing("Give up if no peer takes a message for this long."), ...statistics } },
  ...common,
] as const

export const publishGroups = [
  sending,
  {
    title: "Sending",
    options: {
      topic: text("TOPIC", "The first part of each message."),
      ...peers,
      ...timing("Give up if no subscriber comes or takes a message for this long."),
      ...statistics,
    },
  },
  ...common,
] as const

export const radioGroups = [
  sending,
  {
    title: "Sending",
    options: {
      group: text("GROUP", "The group of each message."),
      "wait-peers": value(
        "N",
        "Wait for this many dishes before the first message, except over udp. Default 1.",
        whole,
      ),
      "no-wait": flag("Do not wait for dishes."),
      ...timing("Give up if no peer takes a message for this long."),
      ...statistics,
    },
  },
  ...common,
] as const

const ending = {
  count: value("N", "End after this many messages.", count, { short: "n" }),
  ...timing("Give up if no message comes for this long."),
  ...limit,
}

export const receiveGroups = [receiving, { title: "Receiving", options: ending }, ...common] as const

export const subscribeGroups = [
  receiving,
  {
    title: "Receiving",
    options: {
      topic: list(text("PREFIX", "Receive messages that begin with this. Can be repeated. Default all.")),
      ...ending,
    },
  },
  ...common,
] as const

export const dishGroups = [
  receiving,
  { title: "Receiving", options: { group: list(text("GROUP", "Join this group. Can be repeated.")), ...ending } },
  ...common,
] as const

const duplexInput = { title: "Messages to send", options: { ...inputOptions, ...repeatOption } } as const

export const duplexGroups = [
  duplexInput,
  receiving,
  {
    title: "Receiving",
    options: {
      topic: list(text("PREFIX", "xsub: subscribe to this. Can be repeated.")),
      ...ending,
    },
  },
  ...common,
] as const

export const requestGroups = [
  { title: "Requests", options: { ...sending.options } },
  receiving,
  {
    title: "Replies",
    options: {
      ...timing("Give up if a reply does not come within this time."),
      retries: value(
        "N",
        "Send a request again this many times if its reply does not come within --timeout. Default 0.",
        whole,
      ),
    },
  },
  ...common,
] as const

export const replyGroups = [
  {
    title: "Replies",
    options: {
      echo: flag("Reply with the request.", { short: "e" }),
      reply: text("TEXT", "Reply with this text, in which {{count}}, {{time}} and others stand for values.", {
        short: "r",
      }),
      exec: text(
        "COMMAND",
        "Run this shell command for each request. The request is its standard input, with a line end between parts; what it prints, " +
          "without a line end at the end, is the reply.",
      ),
      "exec-args": text("COMMAND", "Like --exec, with the parts of the request as $1, $2 and so on."),
      "exec-timeout": value("DURATION", "End a command that runs longer. Default 30s.", duration),
      parallel: value("N", "router, server: run up to this many commands at a time. Default 4.", count),
      ...duplexInput.options,
    },
  },
  receiving,
  { title: "Receiving", options: ending },
  ...common,
] as const

/** The values of all of them: each verb has some. */
export interface PatternValues {
  readonly count?: number
  readonly timeout?: number
  readonly duration?: number
  readonly topic?: string | readonly string[]
  readonly group?: string | readonly string[]
  readonly "wait-peers"?: number
  readonly "no-wait"?: boolean
  readonly drop?: boolean
  readonly retries?: number
  readonly echo?: boolean
  readonly reply?: string
  readonly exec?: string
  readonly "exec-args"?: string
  readonly "exec-timeout"?: number
  readonly parallel?: number
}
