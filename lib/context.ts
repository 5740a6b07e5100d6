// Contexts, to which sockets belong.

import { brand } from "./base/brand.js"
import { checkNames, checkObject, expected, tooMany } from "./base/checks.js"
import { asyncDispose } from "./base/dispose.js"
import { errnoError } from "./base/errors.js"
import { needsNew } from "./base/exports.js"
import { handle, optionRead, optionSet, optionWithId } from "./base/symbols.js"
import { nextTurn } from "./base/timers.js"
import { bequeathRequirement, inheritedRequirement } from "./encryption/requirements.js"
import { addon, constant, type NativeContext } from "./native/addon.js"
import { leave, onReady } from "./native/interface.js"
import { defineOptions, OptionHolder } from "./options/holder.js"
import { contextOptions, type Option } from "./options/table/index.js"
import type { ContextProperties, Options } from "./options/types.js"
import { assignOptions } from "./options/values.js"

/** Options of `terminate`. */
export interface TerminateOptions {
  /**
   * How long each socket may still send its queued messages, in milliseconds: 0 discards them, -1 waits forever. Default: the socket's
   * own `linger`.
   */
  linger?: number
}

/** The argument of the constructor for the default context. */
const shared = {}

/**
 * A context: its I/O threads carry the messages of its sockets. All threads of the process share the default context (`context`), which
 * sockets use unless they are given another one.
 *
 * A context ends when it and all its sockets are gone. Queued messages are sent before the process exits, unless `blocky` or `linger` say
 * otherwise.
 *
 * ```typescript
 * const context = new Context({ ioThreads: 2 })
 * const socket = new Dealer({ context })
 * ```
 */
export class Context extends OptionHolder {
  readonly #native: NativeContext
  #ended: Promise<void> | undefined
  #requireEncryption = false

  /**
   * @param options Values for the context's options.
   * @throws {TypeError} for an unknown option or a value of the wrong type.
   */
  constructor(options: Options<Context> = {}) {
    checkObject(options)
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    super()
    this.#native = new addon.NativeContext(options === shared)
    Object.seal(this)
    if (options === shared) this.#requireEncryption = inheritedRequirement()
    assignOptions(this, options)
  }

  /**
   * Whether its sockets must use encryption for endpoints beyond this machine (other than loopback, ipc and inproc). If true, a bind or
   * connect without encryption fails with EPERM. Set it on the default context before you start worker threads, which inherit it.
   * Default false.
   */
  get requireEncryption(): boolean {
    return this.#requireEncryption
  }

  set requireEncryption(value: boolean) {
    if (typeof value !== "boolean") throw new TypeError("Option value must be a boolean")
    this.#requireEncryption = value
    if (this === context) bequeathRequirement(value)
  }

  /** Whether the context was terminated. Then no socket can be created on it. */
  get terminated(): boolean {
    return this.#ended !== undefined
  }

  /**
   * Whether another object stands for the same context. If a process has several copies of this package, as with test runners and bundles,
   * each copy has its own object for the default context.
   */
  equals(other: Context): boolean {
    if (!(other instanceof Context)) throw expected("other", "a Context", other)
    if (other === this) return true
    return handle in other && !this.terminated && !other.terminated && this.#native.is(other[handle]())
  }

  /**
   * The context for C and C++ addons of the same process, which then reach its sockets over inproc: an external value; see
   * include/ohmq.h of this package. The context lives as long as the value, or as an addon retains it.
   *
   * ```typescript
   * addon.start(context.native)
   * ```
   */
  get native(): unknown {
    return this[handle]().share()
  }

  /**
   * Closes all sockets of this context, ends it, and frees its threads and descriptors. Resolves when the sockets have sent
   * their messages or their `linger` has passed. Sockets of addons get ETERM, and it waits until they are closed.
   *
   * A second call returns the same promise; its `linger` is ignored, because the sockets are closed by then.
   *
   * The default context ends with the process. Terminating it throws EPERM.
   *
   * ```typescript
   * await using context = new Context() // terminated at the end of the scope
   * await context.terminate({ linger: 1000 })
   * ```
   */
  terminate(options: TerminateOptions = {}): Promise<void> {
    checkObject(options)
    checkNames(options, "linger")
    const { linger } = options
    if (linger !== undefined && !(Number.isInteger(linger) && linger >= -1 && linger < 2 ** 31)) {
      throw expected("linger", "an integer number of milliseconds, or -1 for no limit", linger)
    }
    if (this === context) {
      throw errnoError(
        "EPERM",
        "The default context belongs to all threads of the process and cannot be terminated; create a context of your own",
      )
    }
    this.#ended ??= this.#end(linger === undefined ? {} : { linger })
    return this.#ended
  }

  /** Terminates the context at the end of its scope. */
  [asyncDispose](): Promise<void> {
    return this.terminate()
  }

  async #end(options: TerminateOptions): Promise<void> {
    // Once libzmq ends the context, linger cannot be set any more. So proxies first give their sockets back.
    await Promise.all(this.#native.sockets(false).map((socket) => socket[leave]?.(options)))
    // Observers first get the events that have already happened.
    for (const observer of this.#native.sockets(true)) observer[onReady](constant("ZMQ_POLLIN"))
    await nextTurn()
    await this.#native.terminate()
  }

  /** @internal The addon's object. */
  [handle](): NativeContext {
    if (this.#ended !== undefined) throw errnoError("ETERM")
    return this.#native
  }

  /** @internal */
  [optionSet](): void {}

  /** @internal */
  [optionRead](): void {}

  /** @internal */
  override [optionWithId](): Option | undefined {
    return undefined
  }
}

export interface Context extends ContextProperties {}

brand("Context", Context)
exports.Context = needsNew(
  Context,
  (construct) =>
    function Context() {
      return construct(arguments, new.target)
    },
)

defineOptions(Context, Object.entries(contextOptions))

/** The default context, which all threads of the process share. */
export const context = new Context(shared)
