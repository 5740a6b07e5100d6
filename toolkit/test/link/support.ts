import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { Authenticator, generateKeyPair } from "ohmq/security"
import { createEvent, encode } from "ohmq-toolkit/events"
import {
  type LinkReceiver,
  type LinkSender,
  type ReceiverOptions,
  type SenderOptions,
  startReceiver,
  startSender,
} from "ohmq-toolkit/link"
import { type Entry, type NewEvent, openStore, type Store, type StoreOptions } from "ohmq-toolkit/store"
import { onTestFinished } from "vitest"

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ohmq-link-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A store that is closed after the test. */
export async function opened(folder = temporaryFolder(), options: StoreOptions = {}): Promise<Store> {
  const store = await openStore(folder, options)
  onTestFinished(() => store.close())
  return store
}

export const server = generateKeyPair({ name: "hub" })
export const alice = generateKeyPair({ name: "alice" })
export const bob = generateKeyPair({ name: "bob" })

/** One for the process, as there is one for its context. */
let authenticator: Authenticator | undefined
export const serverSecurity = () => {
  authenticator ??= new Authenticator({ curve: [alice.public, bob.public] })
  return { server, authenticator }
}
export const security = { client: alice, serverKey: server.publicKey }

export async function receiving(store: Store, options: Partial<ReceiverOptions> = {}): Promise<LinkReceiver> {
  const secure = options.insecure ? {} : { security: serverSecurity() }
  const receiver = await startReceiver(store, { bind: "tcp://127.0.0.1:*", ...secure, ...options })
  onTestFinished(() => receiver.close())
  return receiver
}

export async function sending(
  store: Store,
  connectTo: string,
  options: Partial<SenderOptions> = {},
): Promise<LinkSender> {
  const secure = options.insecure ? {} : { security }
  const sender = await startSender(store, {
    connect: connectTo,
    stream: "s",
    minBackoff: 10,
    maxBackoff: 100,
    ...secure,
    ...options,
  })
  onTestFinished(() => sender.close())
  return sender
}

export const event = (id: string, bytes = 0, sender?: string): NewEvent => ({
  frames: encode(createEvent({ id, source: "/test", type: "log.recorded", data: { text: "x".repeat(bytes) } })),
  sender,
})

export const idOf = ({ frames, gap }: Entry): string =>
  gap ? `${gap.reason} ${gap.from}-${gap.to}` : JSON.parse(String(frames[1])).id

/** All entries of a store. */
export async function entries(store: Store): Promise<Entry[]> {
  await store.addCursor("test")
  const all: Entry[] = []
  for await (const batch of store.read("test", { from: store.stats().first, follow: false })) all.push(...batch)
  return all
}

export const ids = async (store: Store): Promise<string[]> => (await entries(store)).map(idOf)

/** A TCP proxy whose connections can be cut, held and refused. */
export async function proxied(target: () => number, host = "127.0.0.1") {
  const sockets = new Set<Socket>()
  let isDown = false
  let delay = 0
  const server = createServer((client) => {
    if (isDown) {
      client.destroy()
      return
    }
    const upstream = connect(target(), host)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      // What came later does not overtake what is delayed, as TCP has it.
      let written = Promise.resolve()
      one.on("data", (bytes) => {
        const due = performance.now() + delay
        written = written.then(async () => {
          const rest = due - performance.now()
          if (rest > 0) await wait(rest)
          if (!other.destroyed) other.write(bytes)
        })
      })
      one.on("error", () => {})
      one.on("close", () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    endpoint: `tcp://127.0.0.1:${port}`,
    cut,
    set isDown(value: boolean) {
      isDown = value
      if (value) cut()
    },
    set delay(value: number) {
      delay = value
    },
  }
}

export const portOf = (endpoint: string): number => Number(endpoint.slice(endpoint.lastIndexOf(":") + 1))
