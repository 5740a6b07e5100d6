// Contexts: what sockets belong to.

import { addon, type NativeContext } from "./native.js"
import { defineOptions, OptionHolder } from "./option-holder.js"
import { contextOptions, type Option } from "./option-table/index.js"
import type { ContextProperties, Options } from "./option-types.js"
import { assignOptions } from "./options.js"
import { handle, native, optionRead, optionSet } from "./symbols.js"

/** What the constructor is given for the default context. */
const shared = {}

/**
 * A context: its I/O threads carry the messages of its sockets. One is shared by all threads of the process and used
 * unless a socket is given another; see `context`.
 *
 * A context ends when it and all its sockets are gone. Messages that still wait then are sent before the process ends,
 * unless `blocky` or `linger` say otherwise.
 *
 * ```typescript
 * const context = new Context({ ioThreads: 2 })
 * const socket = new Dealer({ context })
 * ```
 */
export class Context extends OptionHolder {
  readonly #native: NativeContext

  /**
   * @param options Values for the context's options.
   * @throws {TypeError} for an unknown option or a value of the wrong type.
   */
  constructor(options: Options<Context> = {}) {
    if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object")
    super()
    this.#native = new addon.NativeContext(options === shared)
    Object.seal(this)
    assignOptions(this, options)
  }

  /** @internal */
  get [native](): NativeContext {
    return this.#native
  }

  /** @internal */
  [handle](): NativeContext {
    return this.#native
  }

  /** @internal */
  [optionSet](): void {}

  /** @internal */
  [optionRead](): void {}

  /** @internal */
  protected override optionWithId(): Option | undefined {
    return undefined
  }
}

export interface Context extends ContextProperties {}

defineOptions(Context, Object.entries(contextOptions))

/** The default context, which all threads of the process share. */
export const context = new Context(shared)
