// Interfaces of the package that programs implement themselves, mostly in their tests.

import type { EventSubscriber, Message, MessageLike, Readable, Writable } from "zeromq"

export class FakeSink implements Writable {
  multicastHops = 1
  sendBufferSize = -1
  sendHighWaterMark = 1000
  sendTimeout = -1
  readonly sent: (MessageLike | MessageLike[])[] = []
  async send(message: MessageLike | MessageLike[]): Promise<void> {
    this.sent.push(message)
  }
}

export class FakeSource implements Readable {
  receiveBufferSize = -1
  receiveHighWaterMark = 1000
  receiveTimeout = -1
  async receive(): Promise<Message[]> {
    return [Buffer.from("fake")]
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<any, undefined> {
    yield await this.receive()
    return undefined
  }
}

export const sink: Writable = {
  multicastHops: 1,
  sendBufferSize: -1,
  sendHighWaterMark: 1000,
  sendTimeout: -1,
  send: () => Promise.resolve(),
}
export const typed: Writable<string> = { ...sink, send: async (message: string) => console.log(message.length) }
export const withOptions: Writable<MessageLike, [{ group: string }]> = {
  ...sink,
  send: async (_message, { group }) => console.log(group),
}

export async function send(to: Writable) {
  await to.send(["a", "b"])
}
void send(new FakeSink())
void send(sink)

export const emitter: EventSubscriber = {
  on() {
    return emitter
  },
  off: () => emitter,
}
