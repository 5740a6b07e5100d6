// What is said to a gate over a connection, and what it answers. The client of programs and the commands of `ohmq gate` use it.

import { EventError } from "../events/index.js"
import type { Connection } from "./connection.js"
import { type GateAnswer, readAnswer } from "./decision.js"
import { Exchange } from "./exchange.js"
import { GateError } from "./gate-error.js"
import { type GateRequest, requestProblem } from "./request.js"

/** What happens before there is an answer. */
export interface AskEvents {
  /** The request is on the gate's disk. */
  stored?(): void
  /** The gate cannot take the request now. It is asked again. */
  later?(code: string, reason: string): void
}

const refusal = (code = "", reason = "") => new GateError(code, `The gate refused that: ${reason} (${code})`)

/** Asks until there is an answer, or `end` is aborted. */
export async function askOver(
  connection: Connection,
  { request, frames }: { readonly request: GateRequest; readonly frames: readonly Uint8Array[] },
  end: AbortSignal | undefined,
  events: AskEvents = {},
): Promise<GateAnswer> {
  let answer: GateAnswer | undefined
  let isStored = false
  try {
    await new Exchange(connection).run(
      () => [frames],
      ({ word, rest: [id, ...rest] }) => {
        if (word === "refused") throw refusal(...rest)
        if (id !== request.id) return false
        if (word === "later") events.later?.(rest[0] ?? "", rest[1] ?? "")
        if (word === "stored" && !isStored) {
          isStored = true
          events.stored?.()
        }
        if (word === "decided") answer = readAnswer(rest[0] ?? "", request)
        return answer !== undefined
      },
      end,
    )
  } catch (error) {
    if (!(error instanceof EventError)) throw error
    throw new GateError("answer-invalid", `The gate's answer cannot be read: ${error.message}`, { cause: error })
  }
  return answer as unknown as GateAnswer
}

/** Sends a message until it is answered with a word. Returns what belongs to it. */
export async function tellOver(
  connection: Connection,
  message: readonly Uint8Array[],
  expected: string,
  end: AbortSignal | undefined,
): Promise<readonly string[]> {
  let result: readonly string[] = []
  await new Exchange(connection).run(
    () => [message],
    ({ word, rest }) => {
      if (word === "refused") throw refusal(...rest.slice(1))
      result = rest
      return word === expected
    },
    end,
  )
  return result
}

/** A message of words. */
export const words = (...texts: string[]): Uint8Array[] => texts.map((text) => Buffer.from(text))

/** The JSON that belongs to a word. */
export function jsonOf<T>(text: string | undefined): T {
  try {
    return JSON.parse(text ?? "") as T
  } catch {
    throw new GateError("answer-invalid", "The gate's answer is not JSON")
  }
}

/** A request with its answer, once it is decided. */
export type ShownRequest = GateRequest & { readonly answer?: GateAnswer }

/** Reads the request that a gate shows. What it shows may get signed, so it must be the request that was asked for. */
export function readShown(text: string | undefined, id: string): ShownRequest {
  const shown = jsonOf<Partial<ShownRequest> | null>(text)
  if (shown?.id !== id)
    throw new GateError(
      "answer-invalid",
      `The gate showed another request than ${JSON.stringify(id)}: ${JSON.stringify(shown?.id)?.slice(0, 300)}`,
    )
  const { request, digest } = shown
  if (requestProblem(request) !== undefined || typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest))
    throw new GateError("answer-invalid", `The gate showed no name or no digest of the request ${JSON.stringify(id)}`)
  return shown as ShownRequest
}
