// The addon, and the types of its exports; lib/native/loader.ts finds it. What each function does stands in native/*.h.

import type { Buffer } from "node:buffer"
import process from "node:process"
import { isMainThread } from "node:worker_threads"
import { INTERFACE, type leave, onReady } from "./interface.js"
import { loadAddon } from "./loader.js"
import type { ProxyCommand, SendFlags, Tag, WireType } from "./numbers.js"

export interface NativeContext {
  /** The owners of its open sockets of this thread: of those that read monitors, or of the others. */
  sockets(monitorReaders: boolean): Owner[]
  terminate(): Promise<void>
  share(): unknown
  is(other: NativeContext): boolean
  getOption(id: number, type: WireType): unknown
  setOption(id: number, type: WireType, value: unknown): void
}

/** What owns a NativeSocket: a Socket or an Observer. */
export interface Owner {
  [onReady](events: number): void
  /** Of a Socket. */
  [leave]?(options: { linger?: number }): Promise<void>
}

/** How it is learnt that libzmq has done away with a socket, while a monitor runs. */
export interface Ending {
  /** Resolves when the monitor has reported the end. Of a terminated context, that may be before the socket is gone. */
  readonly told: Promise<void>
  /** Has the monitor keep the process alive. */
  readonly hold: () => void
}

export interface NativeSocket {
  /** Of the monitor that runs. The addon has nothing to do with it: whoever begins a monitor sets it. */
  ending?: Ending
  /** What names the socket to the functions of the hot path, as long as it is open. */
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
  /** Undefined where libzmq cannot tell. */
  hasPeer(routingId: Uint8Array): boolean | undefined
  /** @param onlyEnd Of all events, only the last. */
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
  readonly capability: Record<string, boolean> & { readonly patches: readonly string[] }
  /** The numbers of zmq.h; a name that this libzmq does not know is absent. */
  readonly constants: Readonly<Partial<Record<string, number>>>
  readonly interface: number
  readonly frames: Uint32Array
  readonly bytes: Uint8Array
  readonly received: Uint8Array
  /** One number: how often the event loop has come round. It is for JavaScript to count where there is no libuv. */
  readonly turns: Uint32Array
  readonly NativeContext: new (shared: boolean) => NativeContext
  readonly NativeSocket: new (context: NativeContext, type: number) => NativeSocket
  readonly NativeProxy: new (front: NativeSocket, back: NativeSocket, capture: NativeSocket | null) => NativeProxy
  /** Whether it was the first call: later evaluations of the JavaScript make more. */
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
  // Absent where libzmq has no draft API, as its socket types are:
  connectPeer(slot: number, address: string): number
  joinGroup(slot: number, group: Uint8Array): void
  leaveGroup(slot: number, group: Uint8Array): void
  sendTagged(slot: number, tag: Tag, value: Uint8Array, part: Uint8Array | string, flags: SendFlags): boolean
  sendTaggedMany(slot: number, tag: Tag, frames: number): number
  receiveTagged(slot: number, tag: Tag, messages: number): number
  curvePublicKey(secretKey: string | Uint8Array): string
  /** Of all sockets of the process. */
  removeIpcFiles(): void
  endOf(fd: number, remote: boolean): string | null
  shutDown(fd: number, remote: string): boolean
}

export const addon = loadAddon<Addon>(INTERFACE)

/** Whether sockets are watched through libuv, or by a thread of the addon's own. Bun has none, Deno hardly any. */
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
