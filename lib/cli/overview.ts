// What `ohmq` says without arguments: one screen, from the table of verbs.

import { paint } from "./command/terminal.js"
import { verbs } from "./verbs.js"

const intro = `ohmq: the command line of ZeroMQ

  ohmq pull @tcp://127.0.0.1:5557            # in one terminal: binds, and prints what arrives
  ohmq push tcp://127.0.0.1:5557 hello       # in another: connects, and sends a message
  ohmq doctor tcp://127.0.0.1:5557           # what is there, and whether it would talk to you
`

const outro = `An endpoint is bound if it starts with @ or contains *, and connected otherwise.
ohmq help VERB explains a verb. Encrypt: --cert --server-cert, or --server --cert --clients.
`

/** The verbs of ohmq-toolkit. They are said here though it may not be installed: `ohmq relay` then says how to get it. */
const toolkitRow = `  ${"With ohmq-toolkit:".padEnd(20)}lint relay store`

/** The overview. */
export function overview(): string {
  const rows = Object.entries(verbs).map(
    ([title, entries]) => `  ${`${title}:`.padEnd(20)}${Object.keys(entries).join(" ")}`,
  )
  return [intro, `${paint("bold", "Verbs")}\n${[...rows, toolkitRow].join("\n")}\n`, outro].join("\n")
}
