// Observers: as emitters, by receiving, by iterating; their types by name.

import * as zmq from "zeromq"

type Failures = zmq.EventOfType<"bind:error" | "accept:error" | "close:error">
type Auth = zmq.EventOfType<"handshake:error:auth">
type Protocol = zmq.EventOfType<"handshake:error:protocol">

export const status = (event: Auth): 300 | 400 | 500 => event.error.status
export const code = (event: Protocol): string => event.error.code
export const failed = (event: Failures): [string, number, Error, string] => [
  event.error.code,
  event.error.errno,
  event.error,
  event.address,
]

export function isFatal(event: Protocol): boolean {
  const fatal: Array<typeof event.error.code> = ["ERR_ZMTP_CRYPTOGRAPHIC", "ERR_ZAP_BAD_VERSION"]
  return fatal.includes(event.error.code)
}

export const reasons: Record<Protocol["error"]["code"], string> = {
  ERR_ZMTP_UNSPECIFIED: "",
  ERR_ZMTP_UNEXPECTED_COMMAND: "",
  ERR_ZMTP_INVALID_SEQUENCE: "",
  ERR_ZMTP_KEY_EXCHANGE: "",
  ERR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED: "",
  ERR_ZMTP_MALFORMED_COMMAND_MESSAGE: "",
  ERR_ZMTP_MALFORMED_COMMAND_HELLO: "",
  ERR_ZMTP_MALFORMED_COMMAND_INITIATE: "",
  ERR_ZMTP_MALFORMED_COMMAND_ERROR: "",
  ERR_ZMTP_MALFORMED_COMMAND_READY: "",
  ERR_ZMTP_MALFORMED_COMMAND_WELCOME: "",
  ERR_ZMTP_INVALID_METADATA: "",
  ERR_ZMTP_CRYPTOGRAPHIC: "",
  ERR_ZMTP_MECHANISM_MISMATCH: "",
  ERR_ZAP_UNSPECIFIED: "",
  ERR_ZAP_MALFORMED_REPLY: "",
  ERR_ZAP_BAD_REQUEST_ID: "",
  ERR_ZAP_BAD_VERSION: "",
  ERR_ZAP_INVALID_STATUS_CODE: "",
  ERR_ZAP_INVALID_METADATA: "",
}

/** One by one, as where a program lists those that it can do something about. */
export const curable: Extract<Protocol["error"]["code"], "ERR_ZMTP_MECHANISM_MISMATCH" | "ERR_ZMTP_KEY_EXCHANGE">[] = [
  "ERR_ZMTP_KEY_EXCHANGE",
]

const labels: Record<zmq.EventType, string> = {
  accept: "accepted",
  "accept:error": "accept failed",
  bind: "bound",
  "bind:error": "bind failed",
  connect: "connected",
  "connect:delay": "connecting",
  "connect:retry": "retrying",
  close: "closed",
  "close:error": "close failed",
  disconnect: "disconnected",
  end: "ended",
  handshake: "shook hands",
  "handshake:error:protocol": "protocol error",
  "handshake:error:auth": "refused",
  "handshake:error:other": "handshake failed",
  unknown: "?",
}

/** As they are made by hand, in tests of the program. */
export const samples: zmq.Event[] = [
  { type: "accept", address: "tcp://127.0.0.1:1" },
  { type: "bind", address: "tcp://127.0.0.1:1" },
  { type: "connect:retry", address: "tcp://127.0.0.1:1", interval: 100 },
  {
    type: "bind:error",
    address: "tcp://127.0.0.1:1",
    error: Object.assign(new Error("in use"), { code: "EADDRINUSE", errno: 98 }),
  },
  { type: "handshake:error:auth", address: "", error: Object.assign(new Error(), { status: 400 as const }) },
  { type: "disconnect", address: "tcp://127.0.0.1:1" },
  { type: "end" },
  { type: "unknown" },
]
const one: zmq.EventOfType<"connect"> = { type: "connect", address: "tcp://127.0.0.1:1" }
samples.push(one)

export async function watch(socket: zmq.Socket) {
  const observer: zmq.Observer = socket.events
  for await (const event of observer) {
    console.log(labels[event.type], "address" in event ? event.address : "")
    if (event.type === "end") break
  }
}

export async function next(socket: zmq.Socket): Promise<zmq.Event> {
  const event = await socket.events.receive()
  if (event.type === "bind:error") throw event.error
  return event
}

export function listen(socket: zmq.Socket): zmq.EventSubscriber {
  const onEnd = () => console.log("end")
  const onBind = (data: zmq.EventOfType<"bind">) => console.log(data.address, data.type)
  const any = (data: zmq.Event) => console.log(data)
  return socket.events.on("bind", onBind).on("end", onEnd).on("accept", any).off("end", onEnd).off("bind", onBind)
}

export function once<E extends zmq.EventType>(socket: zmq.Socket, type: E): Promise<zmq.EventOfType<E>> {
  return new Promise((resolve) => {
    const listener = (event: zmq.EventOfType<E>) => {
      socket.events.off(type, listener)
      resolve(event)
    }
    socket.events.on(type, listener)
  })
}

export const bound = async (socket: zmq.Reply): Promise<string> => (await once(socket, "bind")).address

const all: zmq.EventType[] = ["accept", "bind"]
export function logAll(events: zmq.EventSubscriber) {
  for (const type of all) events.on(type, (event) => console.log(event.type))
}

export function own(socket: zmq.Dealer) {
  const observer = new zmq.Observer(socket)
  const closed: boolean = observer.closed
  observer.close()
  const iterator = observer[Symbol.asyncIterator]()
  return iterator.next().then(({ done, value }) => (done ? undefined : value.type))
}

export type Listener<E extends zmq.EventType = zmq.EventType> = (event: zmq.EventOfType<E>) => void

export class Recorder implements zmq.EventSubscriber {
  readonly heard: [string, (event: any) => void][] = []
  on<E extends zmq.EventType>(type: E, listener: Listener<E>): zmq.EventSubscriber {
    this.heard.push([type, listener])
    return this
  }
  off<E extends zmq.EventType>(_type: E, _listener: Listener<E>): zmq.EventSubscriber {
    return this
  }
}
logAll(new Recorder())
