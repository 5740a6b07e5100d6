// The addon, and the types of its exports; lib/native/loader.ts finds it. native/*.h says what each function does.

import type { Buffer } from "node:buffer"
import process from "node:process"
import { isMainThread } from "node:worker_threads"
import { INTERFACE, type leave, onReady } from "./interface.js"
import { loadAddon } from "./loader.js"
import type { ProxyCommand, SendFlags, Tag, WireType } from "./numbers.js"

export interface NativeContext {
  /** The owners of its open sockets in this thread: either of those that read monitors, or of the others. */
  sockets(monitorReaders: boolean): Owner[]
  terminate(): Promise<void>
  share(): unknown
  is(other: NativeContext): boolean
  getOption(id: number, type: WireType): unknown
  setOption(id: number, type: WireType, value: unknown): void
}

/** The owner of a NativeSocket: a Socket or a MonitorPair. */
export interface Owner {
  [onReady](events: number): void
  /** Only a Socket has it. */
  [leave]?(options: { linger?: number }): Promise<void>
}

/** Reports when libzmq has freed a socket that has a monitor. */
export interface Ending {
  /** Resolves when the monitor has reported the end. If the context was terminated, that may be before the socket is gone. */
  readonly told: Promise<void>
  /** Makes the monitor keep the process alive. */
  readonly hold: () => void
}

export interface NativeSocket {
  /** Set by the code that starts a monitor. The addon does not use it. */
  ending?: Ending
  /** Names the socket to the functions of the hot path, as long as it is open. */
  readonly slot: number
  close(): void
  getOption(id: number, type: WireType): unknown
  setOption(id: number, type: WireType, value: unknown): void
  isSecretKey(key: string | null): boolean
  bind(address: string): Promise<void>
  unbind(address: string): Promise<void>
  bindSync(address: string): void
  unbindSync(address: string): void
  connect(address: string): void
  disconnect(address: string): void
  keepAlive(keep: boolean): void
  /** The messages and bytes sent, then those received. Also works during a bind, while a proxy has the socket, and after close. */
  traffic(): number[]
  /** Undefined if libzmq cannot tell. */
  hasPeer(routingId: Uint8Array): boolean | undefined
  /** @param onlyEnd Whether to report only the last event. */
  monitor(address: string | null, onlyEnd: boolean): void
  readMonitor(address: string): void
}

export interface NativeProxy {
  start(): Promise<void>
  send(command: ProxyCommand): void
  statistics(): number[]
}

interface Addon {
  readonly version: string
  /** Null if libzmq was installed: it does not tell. */
  readonly libsodium: string | null
  readonly capability: Record<string, boolean> & { readonly patches: readonly string[] }
  /** The numbers of zmq.h; a name that this libzmq does not know is absent. */
  readonly constants: Readonly<Partial<Record<string, number>>>
  readonly interface: number
  readonly frames: Uint32Array
  readonly bytes: Uint8Array
  readonly received: Uint8Array
  /** One number: how many turns the event loop has made. JavaScript counts them if there is no libuv. */
  readonly turns: Uint32Array
  readonly NativeContext: new (shared: boolean) => NativeContext
  readonly NativeSocket: new (context: NativeContext, type: number) => NativeSocket
  readonly NativeProxy: new (front: NativeSocket, back: NativeSocket, capture: NativeSocket | null) => NativeProxy
  /** Returns whether it was the first call. Later evaluations of the JavaScript call it again. */
  initialize(mainThread: boolean, uv: boolean): boolean
  takeLarge(): Buffer
  sendBytes(slot: number, part: Uint8Array, flags: SendFlags): boolean
  sendText(slot: number, part: string, flags: SendFlags): boolean
  sendMany(slot: number, frames: number): number
  receiveWithMetadata(
    slot: number,
    names: string[],
    tag?: Tag,
  ): { parts: Buffer[]; values: (string | null)[] } | undefined
  receive(slot: number, messages: number): number
  events(slot: number): number
  watch(slot: number, events: number): boolean
  errnoError(name: string, message?: string): Error
  errnoErrorOf(number: number): Error
  curveKeyPair(): { publicKey: string; secretKey: string }
  curvePublicKey(secretKey: string | Uint8Array): string
  /** Removes the files of the ipc endpoints of all sockets of the process. */
  removeIpcFiles(): void
  endOf(fd: number, remote: boolean): string | null
  shutDown(fd: number, remote: string): boolean
  // A libzmq without the draft API lacks these, as it lacks the draft socket types:
  connectPeer(slot: number, address: string): number
  joinGroup(slot: number, group: Uint8Array): void
  leaveGroup(slot: number, group: Uint8Array): void
  sendTagged(slot: number, tag: Tag, value: Uint8Array, part: Uint8Array | string, flags: SendFlags): boolean
  sendTaggedMany(slot: number, tag: Tag, frames: number): number
  receiveTagged(slot: number, tag: Tag, messages: number): number
}

export const addon = loadAddon<Addon>(INTERFACE)

/** Whether sockets are watched through libuv, or by a thread of the addon's own. Bun has no libuv, Deno only parts of it. */
function usesUv(): boolean {
  const { OHMQ_POLLER: poller } = process.env
  if (poller !== undefined && poller !== "" && poller !== "uv" && poller !== "thread") {
    throw new Error(`OHMQ_POLLER must be "uv" or "thread", not "${poller}"`)
  }
  if (process.versions.bun !== undefined || process.versions.deno !== undefined) {
    if (poller === "uv") throw new Error("OHMQ_POLLER=uv works in Node.js only")
    return false
  }
  return poller !== "thread"
}

/** Whether sockets are watched through libuv, and its turns are counted. */
export const hasUv = usesUv()

const isFirst = addon.initialize(isMainThread, hasUv)

// libzmq removes the files of ipc endpoints itself if the runtime exits by exit(3). Bun does not.
if (isFirst && isMainThread && process.versions.bun !== undefined) process.on("exit", addon.removeIpcFiles)

/** The addon's socket for an owner. A class of this copy of the JavaScript, so that it serves its own sockets. */
export class OwnedSocket extends addon.NativeSocket {
  readonly owner: Owner

  constructor(context: NativeContext, type: number, owner: Owner) {
    super(context, type)
    this.owner = owner
  }

  /** The addon calls this when an event that the socket watches for has come. */
  onReady(events: number): void {
    this.owner[onReady](events)
  }
}

/** A number of zmq.h that every supported libzmq has. */
export function constant(name: string): number {
  const value = addon.constants[name]
  if (value === undefined) throw new Error(`libzmq ${addon.version} has no ${name}`)
  return value
}

/** The bits of ZMQ_EVENTS. */
export const POLLIN = constant("ZMQ_POLLIN")
export const POLLOUT = constant("ZMQ_POLLOUT")
