// The socket classes by name, for tests of all of them.

import * as zmq from "ohmq"

export const socketClasses = {
  Pair: zmq.Pair,
  Publisher: zmq.Publisher,
  Subscriber: zmq.Subscriber,
  Request: zmq.Request,
  Reply: zmq.Reply,
  Dealer: zmq.Dealer,
  Router: zmq.Router,
  Pull: zmq.Pull,
  Push: zmq.Push,
  XPublisher: zmq.XPublisher,
  XSubscriber: zmq.XSubscriber,
  Stream: zmq.Stream,
}

export type ClassName = keyof typeof socketClasses
export const classNames = Object.keys(socketClasses) as ClassName[]

/** An object with options, of any class. */
export type Holder = Record<string, unknown>

/** A new socket of a class, by name. Pass it to `closeAfterTest`. */
export function create(name: ClassName, options?: object): zmq.Socket & Holder {
  const socketClass = socketClasses[name] as unknown as new (options?: object) => zmq.Socket & Holder
  return new socketClass(options)
}
