// `ohmq gate decide` and `ohmq gate list`: for those who decide.

import process from "node:process"
import { Dealer } from "ohmq"
import { createEvent, EventError, encode, eventTypes } from "../../events/index.js"
import type { Target } from "../../gate/connection.js"
import { GateError, type GateRequest, type Outcome, outcomes, signDecision } from "../../gate/index.js"
import { jsonOf, readShown, tellOver, words } from "../../gate/talk.js"
import { ExitError } from "../commands.js"
import { isJson, parseUsage, UsageError } from "../usage.js"
import {
  connect,
  connectionFlags,
  connectionOptions,
  exit,
  peerError,
  targetOf,
  textOf,
  timeOption,
  timerOption,
} from "./connection.js"

/** Sends a message to a gate until it is answered. Returns what belongs to the word that was expected. */
async function tell(
  target: Target,
  message: readonly Uint8Array[],
  expected: string,
  end: AbortSignal,
): Promise<readonly string[]> {
  const connection = connect(target, Dealer)
  try {
    return await tellOver(connection, message, expected, end)
  } catch (error) {
    if (!end.aborted || error instanceof ExitError || error instanceof GateError) throw peerError(error)
    throw new ExitError(`The gate at ${target.endpoint} did not answer in time (--timeout)`, exit.timedOut)
  } finally {
    connection.socket.close()
  }
}

/** Reads an answer. What is wrong with it becomes the error of a command. */
const reading = <T>(read: () => T): T => {
  try {
    return read()
  } catch (error) {
    throw peerError(error)
  }
}

/** The end of the wait for a gate. */
const endOf = (timeout: string | undefined) => AbortSignal.timeout(timerOption("timeout", timeout ?? "30s"))

/** What comes from others must not write to the terminal as it likes. */
const printable = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, "?")

export async function list(args: readonly string[]): Promise<number> {
  const { values } = parseUsage(args, 0, [...connectionOptions, "output"], connectionFlags)
  const asJson = isJson(values.output)
  const target = await targetOf(values)
  const [text] = await tell(target, words("list"), "open", endOf(values.timeout))
  const open = reading(() => jsonOf<GateRequest[]>(text))
  if (asJson) process.stdout.write(`${JSON.stringify(open)}\n`)
  else
    for (const { id, request, subject, source, requester, time } of open) {
      const parts = [id, request, subject ?? "", requester ?? source, new Date(time).toISOString()]
      process.stdout.write(`${parts.map(printable).join("\t")}\n`)
    }
  if (!asJson && open.length === 0) process.stderr.write("Nothing waits for a decision\n")
  return 0
}

/** The key to sign with. Undefined if none is given. */
function signed(
  key: string | undefined,
  request: GateRequest,
  decision: { decision: Outcome; reason: string },
  valid: number,
): string | undefined {
  if (key === undefined) return undefined
  try {
    return signDecision(
      request,
      decision,
      key.startsWith("env:") ? { key: textOf("sign-key", key) } : { file: key },
      valid,
    )
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--sign-key: ${(error as Error).message}`)
  }
}

export async function decide(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(
    args,
    2,
    [...connectionOptions, "reason", "sign-key", "valid", "source", "output"],
    connectionFlags,
  )
  const [id, word] = positionals
  const decision = outcomes.find((one) => one === word)
  if (id === undefined || decision === undefined) throw new UsageError("Expected ID, and allow or deny")
  const asJson = isJson(values.output)
  const valid = timeOption("valid", values.valid ?? "24h")
  if (values.valid !== undefined && values["sign-key"] === undefined) throw new UsageError("--valid needs --sign-key")
  const target = await targetOf(values)
  const end = endOf(values.timeout)
  const [text] = await tell(target, words("show", id), "request", end)
  const request = reading(() => readShown(text, id))
  const { reason = "" } = values
  const statement = signed(values["sign-key"], request, { decision, reason }, valid)
  let frames: Uint8Array[]
  try {
    const data = { id, decision, reason, ...(statement !== undefined && { statement }) }
    const source = values.source ?? "/ohmq/gate"
    frames = encode(createEvent({ source, type: eventTypes.gateDecided, subject: id, data }))
  } catch (error) {
    if (error instanceof EventError) throw new UsageError(error.message)
    throw error
  }
  await tell(target, frames, "stored", end)
  if (asJson) process.stdout.write(`${JSON.stringify({ id, request: request.request, decision, reason })}\n`)
  else process.stdout.write(`${decision} ${printable(request.request)} (${id})\n`)
  return 0
}
