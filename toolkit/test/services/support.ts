import { setTimeout as wait } from "node:timers/promises"
import {
  Client,
  type ClientOptions,
  type Contract,
  type RequestOptions,
  Server,
  type ServerOptions,
  type ServiceError,
} from "ohmq-toolkit/services"
import { expect, onTestFinished } from "vitest"

/** A server that is closed after the test. */
export function serving(options: ServerOptions = {}): Server {
  const server = new Server(options)
  onTestFinished(() => server.close())
  return server
}

/** A client that is closed after the test. */
export function asking<C extends Contract>(
  connect: string | string[],
  options: Partial<ClientOptions<C>> = {},
): Client<C> {
  const client = new Client<C>({ connect, ...options })
  onTestFinished(() => client.close())
  return client
}

/** A server with services, and a client of it. */
export async function pair(add: (server: Server) => void, options: ServerOptions = {}) {
  const server = serving(options)
  add(server)
  const endpoint = await server.bind("tcp://127.0.0.1:*")
  return { server, endpoint, client: asking(endpoint) }
}

/** The error that a promise rejects with. */
export const errorOf = (promise: Promise<unknown>): Promise<ServiceError> =>
  promise.then(
    (value) => expect.fail(`It resolved to ${String(value)}`),
    (error) => error,
  )

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(5)
}

/** A promise, and what resolves it. */
export function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

export const brief: RequestOptions = { timeout: 300 }
