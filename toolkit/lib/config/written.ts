// A configuration as it is written: a document with a map at its top, whose parts are checked even if some are wrong.

import { dirname, resolve } from "node:path"
import { ConfigDocument, ConfigError } from "./document.js"

/** Whether a value of a document is a map. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A configuration that is being checked. */
export class WrittenConfig {
  readonly file: string
  /** The folder that its paths are relative to. */
  readonly folder: string
  readonly document: ConfigDocument
  readonly value: Record<string, unknown>

  /**
   * @param members What to expect, such as `version, store and sinks`.
   * @throws {@link ConfigError} if it is no YAML, or no map
   */
  constructor(text: string, file: string, members: string) {
    this.file = file
    this.folder = dirname(resolve(file))
    this.document = new ConfigDocument(text)
    if (this.document.mistakes.length > 0) throw this.failure()
    const { value } = this.document
    if (!isMap(value)) {
      this.document.report([], `Expected a map with ${members}`)
      throw this.failure()
    }
    this.value = value
  }

  /** A member that should be a map. Empty if it is none: the schema says so. */
  part(name: string): Record<string, unknown> {
    const part = this.value[name]
    return isMap(part) ? part : {}
  }

  /** Whether there is an HTTP server, and a status page. */
  get http(): { isOn: boolean; hasPage: boolean } {
    return { isOn: this.value.http !== undefined, hasPage: this.part("http").page === true }
  }

  /** All mistakes that were found. */
  failure(): ConfigError {
    return new ConfigError(this.file, this.document.mistakes)
  }
}
