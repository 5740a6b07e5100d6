// Socket types as the values of --type.

import type { Socket } from "../../index.js"
import { type Pattern, patterns } from "./table.js"

/** Their names: those of the verbs. */
export const typeNames = Object.keys(patterns)

/** `ohmq pub` is an XPUB, to know of subscriptions. */
const others: Readonly<Record<string, string>> = { pub: "Publisher" }

/** The class of that name, which is loaded only now. */
export function classOf<S extends Socket>({
  socket,
  isDraft,
}: Pick<Pattern, "socket" | "isDraft">): new (
  options: object,
) => S {
  const module: object = isDraft
    ? (require("../../draft.js") as typeof import("../../draft.js"))
    : (require("../../index.js") as typeof import("../../index.js"))
  return module[socket as never]
}

/** The class of a type. */
export async function socketClass(name: string): Promise<new (options: object) => Socket> {
  const pattern = patterns[name] as Pattern
  return classOf({ ...pattern, socket: others[name] ?? pattern.socket })
}
