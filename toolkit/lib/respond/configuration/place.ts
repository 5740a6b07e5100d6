// Where a responder that runs is reached. A mistake that was made in its rules since it started must not keep anybody from undoing what it did.

import { dirname, join, resolve } from "node:path"
import { ConfigError, isMap, looseValue } from "../../config/index.js"
import { parseRules, readRulesText } from "./configuration.js"

/** Where a responder is. */
export interface ResponderPlace {
  /** The path of its socket. */
  readonly socket: string
  /** The folder of its audit log, if that can be read. */
  readonly audit: string | undefined
  /** What is wrong with the configuration. */
  readonly mistakes: ConfigError | undefined
}

/** The path of the socket of a responder. */
export const socketOf = (folder: string, store: { path: string }, control: { socket?: string | undefined }): string =>
  resolve(folder, control.socket ?? join(store.path, "respond.sock"))

/**
 * Reads where a responder is, whatever else is wrong with its configuration.
 *
 * @throws {@link ConfigError} if the file cannot be read, or does not say where the socket is
 */
export function readPlace(file: string): ResponderPlace {
  const text = readRulesText(file)
  try {
    const { folder, store, control, audit } = parseRules(text, file, { needsSecrets: false })
    return { socket: socketOf(folder, store, control), audit: resolve(folder, audit.path), mistakes: undefined }
  } catch (mistakes) {
    if (!(mistakes instanceof ConfigError)) throw mistakes
    const value = looseValue(text)
    const part = (name: string) => (isMap(value) && isMap(value[name]) ? value[name] : {})
    const [{ path }, { socket }] = [part("store"), part("control")]
    const isText = (one: unknown): one is string => typeof one === "string" && one !== ""
    if (!isText(path) && !isText(socket)) throw mistakes
    const control = isText(socket) ? { socket } : {}
    const folder = dirname(resolve(file))
    const { path: audit } = part("audit")
    return {
      socket: socketOf(folder, { path: isText(path) ? path : "." }, control),
      audit: isText(audit) ? resolve(folder, audit) : undefined,
      mistakes,
    }
  }
}
