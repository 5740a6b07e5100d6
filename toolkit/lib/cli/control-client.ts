// Asks a relay that runs, or opens its store if it does not.

import { once } from "node:events"
import { type IncomingMessage, request } from "node:http"
import { resolve } from "node:path"
import { ControlPath, openRelayStore, type RelayPlace, readConfig } from "../relay/index.js"
import type { Store } from "../store/index.js"

const isAbsent = ({ code }: NodeJS.ErrnoException) => code === "ENOENT" || code === "ECONNREFUSED"

/** Sends a request to the relay of a configuration. Resolves to undefined if none runs. */
export async function askRelay(
  { folder, store }: Pick<RelayPlace, "folder" | "store">,
  method: "GET" | "POST",
  path: string,
): Promise<IncomingMessage | undefined> {
  let place: ControlPath | undefined
  try {
    place = new ControlPath(resolve(folder, store.path))
    const asked = request({ socketPath: place.path, method, path }).end()
    // What goes wrong after the answer has begun, its reader sees.
    asked.on("error", () => {})
    const [answer] = (await once(asked, "response")) as [IncomingMessage]
    return answer
  } catch (error) {
    if (isAbsent(error as NodeJS.ErrnoException)) return undefined
    throw error
  } finally {
    place?.close()
  }
}

/** The JSON of an answer. Throws if it is an error. */
export async function jsonOf(answer: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ""
  for await (const chunk of answer) text += chunk
  const value = JSON.parse(text) as Record<string, unknown>
  if (answer.statusCode !== 200) throw new Error(String(value.error ?? `The relay answered ${answer.statusCode}`))
  return value
}

/** Opens the store of a relay that does not run, with the bounds that the relay gives it. */
export async function openStoreOf(file: string): Promise<Store> {
  // Servers may need secrets, which nothing else here does.
  const { store } = readConfig(file, { needsSecrets: false })
  const config = readConfig(file, { needsSecrets: store.jetstream !== undefined })
  return (await openRelayStore(config)).store
}
