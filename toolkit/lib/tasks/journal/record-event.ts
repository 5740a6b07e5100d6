// Records as events: what the journal stores can be read by anything that reads events (docs/wire.md).

import { Buffer } from "node:buffer"
import { specversion } from "../../events/index.js"
import { isEnd, type TaskRecord, type TaskState } from "../queue/index.js"

/** Who writes events, and how often it did. */
export interface Writer {
  readonly source: string
  readonly epoch: number
  /** Of the last event. Rises. */
  count: number
}

/** A record that was read, and the epoch of the process that wrote it. */
export interface ReadRecord {
  record: TaskRecord
  epoch: number
}

let lastTime = 0
let lastText = ""

/** The time as RFC 3339 has it. Most events of a turn have the same. */
function timeText(time: number): string {
  if (time !== lastTime || lastText === "") {
    lastTime = time
    lastText = new Date(time).toISOString()
  }
  return lastText
}

/** The data of an event, and what it is about. The input and the result are JSON already. */
function dataText(record: TaskRecord): { data: string; subject?: string } {
  if ("data" in record) {
    const { data, input, result } = record
    const facts = JSON.stringify(data).slice(0, -1)
    return {
      data: `${facts},"input":${input === "" ? "null" : input}${result === undefined ? "" : `,"result":${result}`}}`,
      subject: data.id,
    }
  }
  const { type: _, ...data } = record
  return { data: JSON.stringify(data), ...("id" in record && { subject: record.id }) }
}

/** The frames of the event of a record. */
export function encodeRecord(record: TaskRecord, writer: Writer, time: number): Buffer[] {
  writer.count++
  const { data, subject } = dataText(record)
  const about = subject === undefined ? "" : `,"subject":${JSON.stringify(subject)}`
  // Its parts were checked when they came in.
  const envelope = `{"specversion":"${specversion}","id":"${writer.epoch}.${writer.count}","source":${JSON.stringify(writer.source)},"type":"${record.type}","time":"${timeText(time)}"${about},"data":${data}}`
  return [Buffer.from(record.type), Buffer.from(envelope)]
}

const withTask = new Set<string>(["task.submitted", "task.kept"])
const others = new Set<TaskRecord["type"]>([
  "task.opened",
  "task.alive",
  "task.leased",
  "task.returned",
  "task.retried",
  "task.cancelling",
  "task.reopened",
  "task.removed",
  "task.configured",
  "task.scheduled",
  "task.unscheduled",
  "task.state",
])

const isOther = (type: string): type is TaskRecord["type"] => (others as ReadonlySet<string>).has(type)

/** The record of an event, or undefined if it is another event: others may write to the store, too. */
export function decodeRecord(frames: readonly Uint8Array[], source: string): ReadRecord | undefined {
  const [typeFrame, envelopeFrame] = frames
  if (typeFrame === undefined || envelopeFrame === undefined) return undefined
  const type = text(typeFrame)
  const hasTask = withTask.has(type) || (type.startsWith("task.") && isEnd(type.slice(5) as TaskState))
  if (!hasTask && !isOther(type)) return undefined
  const envelope = envelopeIn(envelopeFrame)
  if (envelope?.source !== source) return undefined
  const epoch = Number.parseInt(envelope.id, 10)
  if (!hasTask) return { record: { type, ...envelope.data } as TaskRecord, epoch }
  const { input, result, ...data } = envelope.data
  const values = { input: JSON.stringify(input), ...(result !== undefined && { result: JSON.stringify(result) }) }
  return { record: { type, data, ...values } as unknown as TaskRecord, epoch }
}

interface Envelope {
  id: string
  source: string
  data: Record<string, unknown>
}

/** The store has checked the bytes: what is not JSON was written by others. */
function envelopeIn(frame: Uint8Array): Envelope | undefined {
  try {
    return JSON.parse(text(frame)) as Envelope
  } catch {
    return undefined
  }
}

const text = (frame: Uint8Array): string => Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString()
