// The messages between the queue, its clients and its workers. docs/tasks-protocol.md is the specification.

import { Buffer, isUtf8 } from "node:buffer"
import { TaskError, type TaskErrorCode } from "./queue/index.js"

/** The version of the protocol. */
export const VERSION = 1

/** Of the head: version, kind, and the number of the request. */
const HEAD_BYTES = 6

/** How many bytes a message may have, at most. */
export const MAX_MESSAGE = 32 << 20
/** How many bytes of tasks, reports or results are sent in one message, unless one alone is larger. */
export const CHUNK_BYTES = 1 << 20
/** How many tasks or reports a message may have, at most. */
export const MAX_ITEMS = 10_000

/** What clients and workers send. */
export const requests = {
  work: 0x01,
  submit: 0x02,
  heartbeat: 0x03,
  report: 0x04,
  cancel: 0x05,
  wait: 0x06,
  query: 0x07,
  control: 0x08,
  bye: 0x09,
} as const
export type RequestKind = keyof typeof requests

/** What the queue sends. `ok` and `error` answer a request; the others have no number. */
export const answers = { ok: 0x81, error: 0x82, lease: 0x83, stop: 0x84, again: 0x85 } as const
export type AnswerKind = keyof typeof answers

const requestNames = new Map<number, RequestKind>(
  Object.entries(requests).map(([name, byte]) => [byte, name as RequestKind]),
)
const answerNames = new Map<number, AnswerKind>(
  Object.entries(answers).map(([name, byte]) => [byte, name as AnswerKind]),
)

/** A message that came in. */
export interface Decoded<Kind> {
  kind: Kind
  request: number
  body: Record<string, unknown>
}

/** A lease, as a worker gets it. */
export interface LeaseBody {
  id: string
  lease: number
  attempt: number
  attempts: number
  timeout: number
  queue: string
  key?: string
  batch?: string
  input: unknown
}

/** The frames of a message. The body is JSON. */
export function encodeMessage(kind: number, request: number, body: string): Buffer[] {
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head[0] = VERSION
  head[1] = kind
  head.writeUInt32BE(request, 2)
  return [head, Buffer.from(body)]
}

export const encodeRequest = (kind: RequestKind, request: number, body: object): Buffer[] =>
  encodeMessage(requests[kind], request, JSON.stringify(body))

export const encodeAnswer = (kind: AnswerKind, request: number, body: object): Buffer[] =>
  encodeMessage(answers[kind], request, JSON.stringify(body))

export const encodeError = (request: number, code: TaskErrorCode, message: string): Buffer[] =>
  encodeAnswer("error", request, { code, message: message.slice(0, 1000) })

const malformed = (message: string) => new TaskError("MALFORMED", message)

/** The number of the request of a message, if it has one: an error can answer it. */
export const requestOf = (frames: readonly Buffer[]): number =>
  frames[0]?.length === HEAD_BYTES ? frames[0].readUInt32BE(2) : 0

function decode<Kind extends string>(frames: readonly Buffer[], names: ReadonlyMap<number, Kind>): Decoded<Kind> {
  const [head, body] = frames
  if (head === undefined || head.length < 1) throw malformed("The message is empty")
  if (head[0] !== VERSION)
    throw new TaskError("VERSION", `The message has version ${head[0]} of the protocol; this side speaks ${VERSION}`)
  if (head.length !== HEAD_BYTES) throw malformed(`The head has ${head.length} bytes instead of ${HEAD_BYTES}`)
  if (body === undefined || frames.length !== 2) throw malformed(`The message has ${frames.length} frames instead of 2`)
  const kind = names.get(head[1] as number)
  if (kind === undefined) throw malformed(`There is no message ${head[1]}`)
  if (!isUtf8(body)) throw malformed("The body is not valid UTF-8")
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    throw malformed("The body is not valid JSON")
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed("The body is not a JSON object")
  return { kind, request: head.readUInt32BE(2), body: value as Record<string, unknown> }
}

export const decodeRequest = (frames: readonly Buffer[]): Decoded<RequestKind> => decode(frames, requestNames)
export const decodeAnswer = (frames: readonly Buffer[]): Decoded<AnswerKind> => decode(frames, answerNames)
