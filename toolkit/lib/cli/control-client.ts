// Asks a relay that runs, or opens its store if it does not.

import { type IncomingMessage, request } from "node:http"
import { resolve } from "node:path"
import { controlPath, type RelayConfig } from "../relay/index.js"
import { openStore, type Store } from "../store/index.js"

/** Sends a request to the relay of a configuration. Resolves to undefined if none runs. */
export function askRelay(
  { folder, store }: RelayConfig,
  method: "GET" | "POST",
  path: string,
): Promise<IncomingMessage | undefined> {
  return new Promise((done, reject) => {
    const asked = request({ socketPath: controlPath(resolve(folder, store.path)), method, path }, done)
    asked.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") done(undefined)
      else reject(error)
    })
    asked.end()
  })
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
export function openStoreOf({ folder, store }: RelayConfig): Promise<Store> {
  const { path, maxBytes, retention } = store
  return openStore(resolve(folder, path), { maxBytes, retention })
}
