// What a sink delivers to, each with its ways to fail.

import { type Answer, ContractServer, type Request } from "../relay/contract/server.js"

/** What a sink delivers to. */
export interface Endpoint {
  /** Makes it fail, in one of its ways. Resolves to what ends that. */
  fail(choice: number): Promise<() => Promise<unknown>>
  /** The ids that it has, each as often as it came. */
  ids(): Promise<string[]> | string[]
  /** Whether it has each event once, and not only at least once. */
  isOnce: boolean
}

/** Keeps the ids of the events that it gets. */
export class HookServer extends ContractServer {
  readonly ids: string[] = []

  protected handle({ body }: Request): Answer {
    this.ids.push((JSON.parse(String(body)) as { id: string }).id)
    return { status: 200 }
  }
}

/** The ways in which an HTTP server fails: it is gone, it is slow, it is busy, it cuts connections before or after it took something, it is silent. */
export async function httpEndpoint(server: ContractServer, ids: () => string[], isOnce = false): Promise<Endpoint> {
  await server.listen()
  const { port } = new URL(server.url)
  const faults = [
    "cut",
    "cut-after",
    { status: 503 },
    { status: 429, headers: { "retry-after": "1" } },
    { status: 401 },
  ] as const
  return {
    ids,
    isOnce,
    async fail(choice) {
      server.requests.length = 0
      if (choice < 0.4) {
        server.close()
        return () => server.listen(undefined, Number(port))
      }
      if (choice < 0.6) {
        server.delay = 500
        return async () => {
          server.delay = 0
        }
      }
      const fault = faults[Math.floor(((choice - 0.6) / 0.4) * faults.length)] ?? "cut"
      server.faults.push(...Array.from({ length: 1000 }, () => fault))
      return async () => {
        server.faults.length = 0
      }
    },
  }
}
