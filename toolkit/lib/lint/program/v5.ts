// The API of zeromq 5, which zeromq/v5-compat and ohmq/v5-compat have, too: sockets that a function makes, and options with names of their own.

import { keyOf } from "./syntax.js"
import { type Expression, literalOf, resolve } from "./values.js"

const modules = /^(zeromq|(ohmq|zeromq)\/v5-compat)$/
const makers = new Set(["socket", "createSocket", "Socket"])

/** Whether what a module has under a name makes sockets as zeromq 5 does. */
export const makesV5 = (module: string, name: string): boolean => modules.test(module) && makers.has(name)

const types: Readonly<Record<string, string>> = {
  pair: "Pair",
  pub: "Publisher",
  sub: "Subscriber",
  xpub: "XPublisher",
  xsub: "XSubscriber",
  req: "Request",
  rep: "Reply",
  dealer: "Dealer",
  xreq: "Dealer",
  router: "Router",
  xrep: "Router",
  pull: "Pull",
  push: "Push",
  stream: "Stream",
}

/** The class for a type such as "pub". What is not known as a text is called a socket. */
export function v5Type(type: Expression | undefined): string {
  const name = literalOf(type)
  return (typeof name === "string" && Object.hasOwn(types, name) ? types[name] : undefined) ?? "socket"
}

/** The options that say how connections are protected, with the numbers of zmq.h. */
const options = [
  { v5: "plain_server", number: 44, name: "plainServer" },
  { v5: "plain_username", number: 45, name: "plainUsername" },
  { v5: "curve_server", number: 47, name: "curveServer" },
  { v5: "curve_secretkey", number: 49, name: "curveSecretKey" },
  { v5: "curve_serverkey", number: 50, name: "curveServerKey" },
]

/** The name of an option in the API of today. Others stay as they are. */
export const v5Option = (name: string): string => options.find(({ v5 }) => v5 === name)?.name ?? name

/** The option that setsockopt is given: its name, its number, or a constant such as `zmq.ZMQ_CURVE_SERVER`. Undefined if it is not known. */
export function v5OptionOf(expression: Expression): string | undefined {
  const value = literalOf(expression)
  if (typeof value === "string") return v5Option(value)
  if (typeof value === "number") return options.find(({ number }) => number === value)?.name ?? String(value)
  const { node } = resolve(expression)
  const name = node.type === "MemberExpression" ? keyOf(node, "property") : node.name
  return typeof name === "string" ? v5Option(name.replace(/^ZMQ_/, "").toLowerCase()) : undefined
}
