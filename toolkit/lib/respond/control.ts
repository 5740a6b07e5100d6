// How `ohmq respond pending`, `approve` and so on reach a responder that runs: requests over a socket of ØMQ in the file system. The kernel tells the
// user id of each connection (SO_PEERCRED, see unix(7)), so that nobody can claim to be another person.

import type { Buffer } from "node:buffer"
import { chmodSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { Router } from "ohmq"
import type { Logger } from "pino"
import { envelopeOf } from "../relay/envelope.js"
import { ShortName } from "../store/short-name.js"
import { ApprovalError } from "./approvals.js"

/** A request, as JSON. */
export interface ControlRequest {
  readonly command: "pending" | "list" | "approve" | "refuse" | "undo"
  readonly id?: string
  readonly reason?: string
}

/** The answer, as JSON. */
export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string }

/** Who asks. */
export interface Asker {
  /** The name in `people`, or `uid:1000`. */
  readonly name: string
  /** Whether this person may decide, and not only look. */
  readonly mayDecide: boolean
}

/** Who may ask. */
export interface Directory {
  /** The user ids of people. */
  readonly people: Readonly<Record<string, { readonly uid: number }>>
  /** Nobody is listed: the user of the responder, and root, may decide. */
  readonly isOpen: boolean
}

/** Who a user id is. Undefined: nobody that is to be answered. */
export function askerOf(uid: number, { people, isOpen }: Directory): Asker | undefined {
  const [name] = Object.entries(people).find(([, person]) => person.uid === uid) ?? []
  const isOwn = uid === 0 || uid === process.getuid?.()
  if (name === undefined && !isOwn) return undefined
  // With a list, only those on it decide: root would count as one person more.
  return { name: name ?? `uid:${uid}`, mayDecide: name !== undefined || isOpen }
}

/** The endpoint of a socket, whatever the length of its path. Call `close` once nothing uses it. */
export function endpointOf(socket: string): { endpoint: string; path: string; close(): void } {
  const name = new ShortName(dirname(socket))
  const path = join(name.path, socket.slice(dirname(socket).length + 1))
  return { endpoint: `ipc://${path}`, path, close: () => name.close() }
}

/** So large a request is none. */
const maxRequest = 4096

const uidOf = (peerAddress: string | null): number | undefined => {
  const [, uid] = /^localhost:(\d+):\d*:\d*$/.exec(peerAddress ?? "") ?? []
  return uid === undefined ? undefined : Number(uid)
}

/** Answers requests. */
export class Control {
  readonly #directory: () => Directory
  readonly #answer: (request: ControlRequest, asker: Asker) => Promise<unknown>
  readonly #log: Logger
  readonly #socket = new Router({ maxMessageSize: maxRequest, linger: 1000 })
  #running: Promise<void> | undefined
  #place: ReturnType<typeof endpointOf> | undefined

  constructor(
    directory: () => Directory,
    answer: (request: ControlRequest, asker: Asker) => Promise<unknown>,
    log: Logger,
  ) {
    this.#directory = directory
    this.#answer = answer
    this.#log = log
  }

  /** Listens. The audit log is locked, so that a socket that is there belongs to nobody any more. */
  async listen(socket: string): Promise<void> {
    this.#place = endpointOf(socket)
    rmSync(this.#place.path, { force: true })
    await this.#socket.bind(this.#place.endpoint)
    // Others can connect if there are other people. Who they are is checked for each request.
    const isShared = Object.values(this.#directory().people).some(({ uid }) => uid !== process.getuid?.())
    chmodSync(this.#place.path, isShared ? 0o666 : 0o600)
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    for await (const { parts, peerAddress } of this.#socket.withMetadata()) {
      const { envelope, frames } = envelopeOf(parts)
      const answer = await this.#answerTo(frames, uidOf(peerAddress))
      try {
        await this.#socket.send([...envelope, JSON.stringify(answer)])
      } catch (error) {
        this.#log.warn({ reason: (error as Error).message }, "An answer to a command could not be sent")
      }
    }
  }

  async #answerTo(frames: readonly Buffer[], uid: number | undefined): Promise<ControlAnswer> {
    try {
      if (uid === undefined) throw new ApprovalError("This system does not tell who is connected")
      const asker = askerOf(uid, this.#directory())
      if (asker === undefined) throw new ApprovalError(`The user id ${uid} is not in people`)
      const request = requestOf(frames)
      if (!asker.mayDecide && !["pending", "list"].includes(request.command))
        throw new ApprovalError(`${asker.name} is not in people, and may not decide`)
      return { ok: true, result: await this.#answer(request, asker) }
    } catch (error) {
      return { ok: false, error: (error as Error).message }
    }
  }

  async close(): Promise<void> {
    this.#socket.close()
    await this.#running?.catch(() => {})
    if (this.#place !== undefined) rmSync(this.#place.path, { force: true })
    this.#place?.close()
  }
}

function requestOf(frames: readonly Buffer[]): ControlRequest {
  if (frames.length !== 1) throw new ApprovalError(`A request is one frame of JSON, but ${frames.length} frames came`)
  let value: unknown
  try {
    value = JSON.parse(String(frames[0]))
  } catch {
    throw new ApprovalError("The request is not JSON")
  }
  const { command, id, reason } = (value ?? {}) as Record<string, unknown>
  if (typeof command !== "string" || !["pending", "list", "approve", "refuse", "undo"].includes(command))
    throw new ApprovalError("The request has no known command")
  if (id !== undefined && typeof id !== "string") throw new ApprovalError("The id of a request is text")
  if (reason !== undefined && typeof reason !== "string") throw new ApprovalError("The reason of a request is text")
  return {
    command: command as ControlRequest["command"],
    ...(id !== undefined && { id }),
    ...(reason !== undefined && { reason }),
  }
}
