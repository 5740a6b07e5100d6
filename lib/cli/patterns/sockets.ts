// Socket types as the values of --type.

import type { Socket } from "../../index.js"
import { patterns } from "./table.js"

/** Their names: those of the verbs. */
export const typeNames = Object.keys(patterns)

/** `ohmq pub` is an XPUB, to know of subscriptions. */
const others: Readonly<Record<string, string>> = { pub: "Publisher" }

/** The class of a type. */
export async function socketClass(name: string): Promise<new (options: object) => Socket> {
  const { socket, isDraft } = patterns[name] as (typeof patterns)[string]
  const module: object = isDraft
    ? (require("../../draft.js") as typeof import("../../draft.js"))
    : (require("../../index.js") as typeof import("../../index.js"))
  return module[(others[name] ?? socket) as never]
}
