// Socket types by their names on the command line.

import type { Socket } from "../../index.js"

/** The classes of the stable types. */
export const stableTypes = {
  pub: "Publisher",
  sub: "Subscriber",
  xpub: "XPublisher",
  xsub: "XSubscriber",
  push: "Push",
  pull: "Pull",
  req: "Request",
  rep: "Reply",
  dealer: "Dealer",
  router: "Router",
  pair: "Pair",
} as const

/** The classes of the draft types. */
export const draftTypes = {
  server: "Server",
  client: "Client",
  radio: "Radio",
  dish: "Dish",
  gather: "Gather",
  scatter: "Scatter",
  peer: "Peer",
  channel: "Channel",
} as const

export type TypeName = keyof typeof stableTypes | keyof typeof draftTypes

/** All names. */
export const typeNames = [...Object.keys(stableTypes), ...Object.keys(draftTypes)] as TypeName[]

type SocketClass = new (options: object) => Socket

/** The class of a type. */
export async function socketClass(name: TypeName): Promise<SocketClass> {
  const module: object = Object.hasOwn(stableTypes, name)
    ? await import("../../index.js")
    : await import("../../draft.js")
  const names: Readonly<Record<string, string>> = { ...stableTypes, ...draftTypes }
  return module[names[name] as never] as SocketClass
}
