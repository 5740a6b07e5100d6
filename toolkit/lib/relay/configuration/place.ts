// Where a relay that runs is reached. A mistake that was made in its file since it started locks nobody out.

import { dirname, resolve } from "node:path"
import { ConfigError, isMap, looseValue } from "../../config/index.js"
import { defaultPath, parseConfig, readConfigText } from "./configuration.js"

/** Where a relay is. */
export interface RelayPlace {
  /** The folder of the configuration, which paths are relative to. */
  readonly folder: string
  /** The folder of the store. */
  readonly store: { readonly path: string }
  /** The names of its sinks. */
  readonly sinks: readonly string[]
  /** What is wrong with the configuration. */
  readonly mistakes: ConfigError | undefined
}

/**
 * Reads where a relay is, whatever else is wrong with its configuration.
 *
 * @throws {@link ConfigError} if the file cannot be read, or does not say where the store is
 */
export function readPlace(file: string): RelayPlace {
  const text = readConfigText(file)
  try {
    const { folder, store, sinks } = parseConfig(text, file, { needsSecrets: false })
    return { folder, store, sinks: sinks.map(({ name }) => name), mistakes: undefined }
  } catch (mistakes) {
    if (!(mistakes instanceof ConfigError)) throw mistakes
    const value = looseValue(text)
    const store = isMap(value) && isMap(value.store) ? value.store : {}
    const path = store.path ?? (store.jetstream === undefined ? undefined : defaultPath)
    if (typeof path !== "string" || path === "") throw mistakes
    const sinks = isMap(value) && isMap(value.sinks) ? Object.keys(value.sinks) : []
    return { folder: dirname(resolve(file)), store: { path }, sinks, mistakes }
  }
}
