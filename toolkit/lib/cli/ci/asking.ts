// `ohmq gate --request`: asks, waits, and makes an exit code of the answer.

import process from "node:process"
import { Dealer } from "ohmq"
import type { Verifier } from "ohmq/security"
import { EventError } from "../../events/index.js"
import type { Target } from "../../gate/connection.js"
import {
  decisionVerifier,
  encodeRequest,
  type GateAnswer,
  type GateRequest,
  readRequest,
  requestProblem,
  StatementError,
  type VerifiedDecision,
  verifyDecision,
} from "../../gate/index.js"
import { askOver } from "../../gate/talk.js"
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
  timerOption,
} from "./connection.js"
import { inputOf } from "./input.js"
import { pipelineOf, requestIdOf } from "./pipeline.js"

/** The signal that ended the wait. */
class Interrupted {
  readonly signal: "SIGINT" | "SIGTERM"

  constructor(signal: "SIGINT" | "SIGTERM") {
    this.signal = signal
  }
}

const say = (text: string) => process.stderr.write(`${text}\n`)

/** "1 h 5 min", "9 min 30 s", "30 s". */
function spanText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const parts = [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`, rest > 0 && `${rest} s`]
  return parts.filter(Boolean).join(" ") || "0 s"
}

interface Question {
  readonly request: GateRequest
  readonly frames: readonly Uint8Array[]
}

type QuestionValues = { readonly [Name in "request" | "subject" | "data" | "id" | "source"]?: string }

/** The question of the command line. */
function questionOf(values: QuestionValues): Question {
  const { request, subject } = values
  if (request === undefined) throw new UsageError("Expected --request TYPE, such as deploy.production")
  const problem = requestProblem(request)
  if (problem !== undefined) throw new UsageError(`--request: ${problem}`)
  const details = values.data === undefined ? undefined : inputOf("data", values.data)
  const { source, job } = pipelineOf()
  const id =
    values.id ??
    (job === undefined
      ? crypto.randomUUID()
      : requestIdOf(job, request, subject ?? "", details === undefined ? "" : details.toString("base64")))
  try {
    const accepted = encodeRequest({ id, request, source: values.source ?? source, subject, details })
    return { request: readRequest(accepted, undefined), frames: accepted.frames }
  } catch (error) {
    if (error instanceof EventError) throw new UsageError(error.message)
    throw error
  }
}

/** Asks until there is an answer, or `end` is aborted. */
async function ask(target: Target, question: Question, end: AbortSignal, stored: () => void): Promise<GateAnswer> {
  const { id, request } = question.request
  const connection = connect(target, Dealer)
  try {
    return await askOver(connection, question, end, {
      later: (code, reason) => say(`the relay cannot take the request now: ${reason} (${code})`),
      stored: () => {
        stored()
        say(`asked for ${request}: ${id}`)
      },
    })
  } catch (error) {
    throw peerError(error)
  } finally {
    connection.socket.close()
  }
}

function verifierOf(key: string): Verifier {
  try {
    return decisionVerifier([key.startsWith("env:") ? { key: textOf("verify-key", key) } : { file: key }])
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--verify-key: ${(error as Error).message}`)
  }
}

async function verify(answer: GateAnswer, verifier: Verifier, request: GateRequest): Promise<VerifiedDecision> {
  try {
    const signed = await verifyDecision(answer.statement, verifier, request)
    if (signed.decision !== answer.decision)
      throw new StatementError(`The answer is ${answer.decision}, but ${signed.decision} is signed`)
    return signed
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    throw new ExitError(
      `The answer to ${request.id} (${answer.decision} by ${answer.by}) is not accepted: ${error.message}`,
      exit.refused,
    )
  }
}

/** The options of `ohmq gate --request`. */
const options = ["request", "data", "source", "subject", "id", "fail", "verify-key", "every", "output"] as const

export async function runAsk(args: readonly string[]): Promise<number> {
  const { values } = parseUsage(args, 0, [...options, ...connectionOptions], connectionFlags)
  const asJson = isJson(values.output)
  const { fail = "closed" } = values
  if (fail !== "closed" && fail !== "open")
    throw new UsageError(`--fail: Expected closed or open, but received "${fail}"`)
  const timeout = timerOption("timeout", values.timeout ?? "10m")
  const every = timerOption("every", values.every ?? "30s")
  const key = values["verify-key"]
  const verifier = key === undefined ? undefined : verifierOf(key)
  const question = questionOf(values)
  const { request } = question
  const target = await targetOf(values)

  const end = new AbortController()
  const late = AbortSignal.timeout(timeout)
  const start = Date.now()
  let isOpen = false
  const interrupt = (signal: NodeJS.Signals) => end.abort(new Interrupted(signal as "SIGINT" | "SIGTERM"))
  const signals = ["SIGINT", "SIGTERM"] as const
  for (const signal of signals) process.on(signal, interrupt)
  const progress = setInterval(() => {
    const passed = Date.now() - start
    say(
      `waiting for an answer to ${request.request} (${request.id}) for ${spanText(passed)}, ${spanText(timeout - passed)} left`,
    )
  }, every)
  const print = (text: string, result: object) =>
    process.stdout.write(`${asJson ? JSON.stringify({ id: request.id, request: request.request, ...result }) : text}\n`)
  try {
    const answer = await ask(target, question, AbortSignal.any([end.signal, late]), () => {
      isOpen = true
    })
    const signed = verifier && (await verify(answer, verifier, request))
    const { decision, by, time } = answer
    const reason = signed?.reason ?? answer.reason
    const why = reason === "" ? "" : `: ${reason}`
    const seal = signed && `, signed with ${signed.keyId}`
    print(`${decision} ${request.request}${why} (by ${by}${seal ?? ""})`, {
      decision,
      reason,
      by,
      time,
      ...(signed && { keyId: signed.keyId }),
    })
    return decision === "allow" ? 0 : 1
  } catch (error) {
    const { reason } = end.signal
    if (reason instanceof Interrupted) {
      if (isOpen) say(`${reason.signal}: the request stays open. To wait for its answer again: --id ${request.id}`)
      else say(`${reason.signal}: the relay has not taken the request`)
      return reason.signal === "SIGINT" ? 130 : 143
    }
    if (!late.aborted || error instanceof ExitError) throw error
    print(`nobody answered ${request.request} within ${spanText(timeout)}: it fails ${fail}`, {
      decision: null,
      failed: fail,
    })
    if (fail === "open") say("warning: nobody answered, and the gate goes on as told (--fail open)")
    return fail === "open" ? 0 : exit.timedOut
  } finally {
    clearInterval(progress)
    for (const signal of signals) process.off(signal, interrupt)
  }
}
