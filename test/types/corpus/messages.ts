// Everything that can be sent, and what comes back.

import type { Dealer, Message, MessageLike, Publisher, Router, Stream } from "zeromq"

const parts: MessageLike[] = [
  "text",
  null,
  1,
  Buffer.from("bytes"),
  new Uint8Array(2),
  new Float64Array(2),
  new DataView(new ArrayBuffer(2)),
  new ArrayBuffer(2),
  new SharedArrayBuffer(2),
]

const one: MessageLike = Buffer.alloc(1)
const received: Message = Buffer.alloc(2)

export function isBytes(part: MessageLike): part is ArrayBufferView {
  return ArrayBuffer.isView(part)
}

export function size(part: MessageLike): number {
  if (part === null) return 0
  if (typeof part === "number") return String(part).length
  if (typeof part === "string") return Buffer.byteLength(part)
  return part.byteLength
}

export async function sendAll(dealer: Dealer, publisher: Publisher) {
  await dealer.send(parts)
  await dealer.send(one)
  await dealer.send([received, ...parts, "end"])
  await dealer.send([])
  const sent: Promise<void> = publisher.send(["topic", JSON.stringify({ time: Date.now() })])
  await sent.catch((error: Error) => console.error(error.message))
  const either: MessageLike | MessageLike[] = Math.random() > 0.5 ? "a" : ["a", "b"]
  await dealer.send(either)
  const message: (string | Buffer)[] = ["a", Buffer.from("b")]
  await dealer.send(message)
}

export async function route(router: Router) {
  const [peer, delimiter, ...rest] = await router.receive()
  if (delimiter.length === 0 && rest.length > 0) {
    await router.send([peer, null, ...rest.map((part) => part.toString().toUpperCase())])
  }
  const [id, body]: Buffer[] = await router.receive()
  const json: unknown = JSON.parse(body.toString())
  return { id: id.toString("hex"), json }
}

export async function raw(stream: Stream) {
  const [id, bytes]: [Message, Message] = await stream.receive()
  await stream.send([id, bytes.length === 0 ? null : "HTTP/1.0 200 OK\r\n\r\n"])
  for await (const [peer, data] of stream) {
    const pair: [Buffer, Buffer] = [peer, data]
    await stream.send(pair)
  }
  stream.connect("tcp://127.0.0.1:80", { routingId: "web" })
  const notify: boolean = stream.notify
  return notify
}

export const decode = (message: Message[]): string[] => message.map(String)
