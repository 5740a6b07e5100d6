// What hot reload does.

import { createRequire } from "node:module"
import { threadId } from "node:worker_threads"

const require = createRequire(import.meta.url)

/** Loads the package, or another entry of it, and evaluates its JavaScript again. */
export function load(name = "ohmq", files = /[\\/]node_modules[\\/](ohmq|zeromq)[\\/].*\.js$/) {
  forget(files)
  return require(name)
}

/** The entry as it was evaluated last. */
export const reuse = (name) => require(name)

export function forget(files) {
  for (const [file, module] of Object.entries(require.cache)) {
    if (!files.test(file)) continue
    delete require.cache[file]
    // Who has loaded it would hold it.
    const siblings = module.parent?.children ?? []
    if (siblings.includes(module)) siblings.splice(siblings.indexOf(module), 1)
  }
}

let addresses = 0

/** A name that no other thread has. */
export const inproc = () => `inproc://${threadId}-${addresses++}`

/** Sends a message from a socket of one copy to a socket of another. */
export async function exchange(first, second, address = "tcp://127.0.0.1:*") {
  const [push, pull] = [new first.Push(), new second.Pull()]
  await pull.bind(address)
  const received = pull.receive()
  push.connect(pull.lastEndpoint)
  await push.send(["a message", Buffer.alloc(3000, "x")])
  const message = await received
  push.close()
  pull.close()
  if (String(message[0]) !== "a message" || message[1].length !== 3000) throw new Error(`It was ${message}`)
}
