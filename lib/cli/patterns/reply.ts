// rep, router, server: replies to requests.

import process from "node:process"
import { UsageError } from "../command/exit.js"
import { warn } from "../command/terminal.js"
import { byEnd } from "../input/framing.js"
import { compileTemplate } from "../input/template.js"
import { replyOf } from "./command-reply.js"
import { Printer } from "./receiving.js"
import { inWords, rethrow, type Session, toIncoming } from "./session.js"

type Reply = (parts: Buffer[]) => (string | Buffer)[] | Promise<(string | Buffer)[]>

/** The lines of standard input, for replies that a person types. */
function typedReplies(signal: AbortSignal): Reply {
  const lines = (async function* () {
    const splitter = byEnd(10)
    for await (const chunk of process.stdin) yield* splitter.push(chunk as Buffer)
    yield* splitter.end()
  })()
  signal.addEventListener("abort", () => process.stdin.destroy(), { once: true })
  return async () => {
    const { value, done } = await lines.next()
    if (done)
      throw new UsageError("Standard input ended before each request had a reply. Use --echo, --reply or --exec")
    return [value]
  }
}

/** How the options say to reply. Undefined without any of them. */
export function replyOption({ values, signal }: Session): Reply | undefined {
  const { echo, reply, exec, "exec-args": execArguments, "exec-timeout": timeout = 30_000 } = values
  const given = [echo, reply, exec, execArguments].filter((value) => value !== undefined)
  if (given.length > 1) throw new UsageError("--echo, --reply, --exec and --exec-args exclude each other")
  if (echo === true) return (parts) => parts
  if (reply !== undefined) {
    const template = compileTemplate(reply)
    let number = 0
    return () => {
      number += 1
      return [template(number)]
    }
  }
  const command = exec ?? execArguments
  if (command === undefined) return undefined
  return async (parts) => [await replyOf(parts, { command, asArguments: execArguments !== undefined, timeout, signal })]
}

/** Where the envelope of a Router's message ends: after the first empty part, otherwise after the routing id. */
function envelopeEnd(parts: readonly Buffer[]): number {
  const empty = parts.findIndex((part, index) => index > 0 && part.length === 0)
  return empty < 0 ? 1 : empty + 1
}

/** Replies until --count, --timeout, --duration or a signal. A Reply answers one after the other, the others many at a time. */
export async function replyAll(session: Session): Promise<void> {
  const { values, socket, signal, pattern } = session
  const { count, timeout, parallel = 4 } = values
  const isReply = pattern.socket === "Reply"
  const printer = new Printer(session)
  const option = replyOption(session)
  const reply = option ?? typedReplies(signal)
  // With --echo and the like nobody asks to see the requests.
  const isShown = option === undefined || values.output !== undefined || values.format !== undefined
  const running = new Set<Promise<void>>()
  let failure: unknown
  const answer = async (message: unknown[]) => {
    const { parts: received, peer } = toIncoming(message)
    const parts = [...received]
    const skipped = isReply ? 0 : peer !== undefined ? 1 : envelopeEnd(parts)
    const replies = await reply(parts.slice(skipped))
    session.hasSent = true
    try {
      if (peer !== undefined) await socket.send(replies[0], { routingId: peer })
      else await socket.send([...parts.slice(0, skipped), ...replies])
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EHOSTUNREACH") throw error
      warn("a peer disconnected before its reply")
    }
  }
  try {
    for (let answered = 0; answered !== count && failure === undefined; answered += 1) {
      let message: unknown[]
      try {
        message = await socket.receive({ signal, ...(timeout !== undefined && { timeout }) })
      } catch (error) {
        if (signal.aborted) return
        rethrow(error, () => `No request came for ${inWords(timeout as number)}; ${answered} came before`)
      }
      if (isShown) await printer.print([toIncoming(message)])
      const task = answer(message)
      if (isReply) {
        await task
        continue
      }
      const tracked = task
        .catch((error: unknown) => {
          failure = error
        })
        .finally(() => running.delete(tracked))
      running.add(tracked)
      if (running.size >= parallel) await Promise.race(running)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await Promise.all(running)
    await printer.end()
  }
  if (failure !== undefined) throw failure
}
