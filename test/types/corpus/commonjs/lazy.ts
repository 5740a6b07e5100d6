// Loaded when it is needed.

type Zmq = typeof import("zeromq")

let zmq: Zmq | undefined

export async function load(): Promise<Zmq> {
  zmq ??= await import("zeromq")
  return zmq
}

export function loadNow(): import("zeromq").Publisher {
  const { Publisher } = require("zeromq") as Zmq
  return new Publisher()
}
