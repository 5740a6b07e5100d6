// The endpoints of a socket: the checks before a bind or connect, and what happens during one.

import type { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"
import { reasonOf } from "../base/abort.js"
import { checkOperation, type OperationOptions } from "../base/checks.js"
import { errnoError, noteCaller } from "../base/errors.js"
import type { SocketType } from "../base/socket-types.js"
import { getOption, handle } from "../base/symbols.js"
import type { Context } from "../context.js"
import { checkEncryption, type EndpointUse, namesUsersForCertain } from "../encryption/requirements.js"
import { type SecuredSocket, SecuritySetup, type SocketSecurity } from "../encryption/security-option.js"
import type { Inbox } from "../message/inbox.js"
import type { Message } from "../message/message.js"
import type { Outbox } from "../message/outbox.js"
import { addon, constant, type NativeSocket } from "../native/addon.js"
import { type Option, socketOptions } from "../options/table/index.js"
import { wireTypes } from "../options/wire.js"
import { checkAddress, checkForm, explained } from "./address.js"
import { tellFailed } from "./diagnostics.js"
import { EndpointList } from "./endpoint-list.js"
import { isUnknownHost, withHostAddress, withLoopbackAddress } from "./host-names.js"
import { Waiter } from "./queues.js"
import type { Readiness } from "./readiness.js"

/** The socket that has the endpoints. */
interface Owner extends SecuredSocket {
  readonly context: Context
  [getOption](option: Option): unknown
  [handle](): NativeSocket
  bindSync(address: string): void
  unbindSync(address: string): void
}

interface Parts {
  native: NativeSocket
  type: SocketType
  readiness: Readiness
  inbox: Inbox
  outbox: Outbox
  /** Called when a bind or unbind has ended. */
  unblocked: () => void
}

/** The endpoints of one socket. */
export class Endpoints {
  /** Checked before each bind and connect. */
  #security: SecuritySetup | undefined
  #hasPeerEvents = false
  /** Whether the socket was ever bound or connected over inproc. */
  hasInproc = false
  /** Whether it ever was over another transport. */
  hasRemote = false
  /** Called with an address when an unbind or disconnect from it has succeeded. */
  onGivenUp: ((address: string) => void) | undefined
  /** Returns the number of connected peers, or null if they are no longer counted. Undefined if they never were. */
  countPeers: (() => number | null) | undefined
  readonly list = new EndpointList()
  readonly #owner: Owner
  readonly #parts: Parts

  constructor(owner: Owner, parts: Parts) {
    this.#owner = owner
    this.#parts = parts
  }

  get isEmpty(): boolean {
    return this.list.isEmpty
  }

  get security(): SecuritySetup | undefined {
    return this.#security
  }

  /** Sets up the security of all later binds and connects. */
  secure(security: SocketSecurity | null): void {
    if (security === null && this.#security === undefined) return
    const { readiness, type, inbox } = this.#parts
    readiness.checkUsable()
    if (!this.isEmpty) throw errnoError("EINVAL", "Set security before the socket binds or connects")
    if (type.number === constant("ZMQ_STREAM")) {
      throw errnoError(
        "EINVAL",
        "A Stream speaks plain TCP and cannot encrypt; security works on the other socket types",
      )
    }
    this.#security = new SecuritySetup(this.#owner, security)
    inbox.protect()
  }

  /** Whether libzmq reports among the messages which peers come and go. It reports neither peers over inproc nor those that the socket connects to. */
  get hasPeerEvents(): boolean {
    return this.#hasPeerEvents
  }

  /** Calls `consume` with each message before it can be received. It returns whether the message was such a report. */
  divert(consume: (message: Message[]) => boolean): void {
    if (!this.isEmpty) throw errnoError("EINVAL", "Use peerEvents before the socket binds or connects")
    this.#parts.inbox.divert(consume)
    this.#hasPeerEvents = true
  }

  /** @param use What the address is for; undefined for an unbind or disconnect. */
  #check(address: string, use?: EndpointUse): void {
    checkForm(address, use)
    if (use !== undefined) {
      this.#security?.check(this.#owner, address)
      const read = (option: Option) => this.#owner[getOption](option)
      const isSecretKey = (key: string | null) => this.#parts.native.isSecretKey(key)
      const required = this.#owner.context.requireEncryption
      checkEncryption({ address, use, type: this.#parts.type, read, isSecretKey, required })
      if (!address.startsWith("inproc:")) this.#parts.inbox.usersAreCertain &&= namesUsersForCertain(read)
    }
    if (this.#hasPeerEvents && (use === "connect" || address.startsWith("inproc:"))) {
      const refused = "A socket with peerEvents cannot connect, and cannot use inproc:// endpoints"
      throw Object.assign(errnoError("EINVAL", refused), { address })
    }
  }

  /** Adds to an error what is wrong with the address, and publishes it. */
  #failure(error: unknown, address: string, use: EndpointUse | undefined): unknown {
    const failure = explained(error, address, use)
    if (use !== undefined) tellFailed(this.#owner, use, address, failure)
    return failure
  }

  /** Adds or removes an endpoint by a call of the addon's socket. */
  change<T>(address: string, use: EndpointUse | undefined, call: (socket: NativeSocket) => T): T {
    checkAddress(address)
    this.#parts.readiness.checkUsable()
    try {
      this.#check(address, use)
      const result = call(this.#parts.native)
      this.#changed(address, use)
      if (use === "connect") this.#parts.outbox.connected(address)
      return result
    } catch (error) {
      throw this.#failure(error, address, use)
    } finally {
      // libzmq processes its commands in these calls, which may consume the edge that an operation waits for.
      this.#parts.readiness.attend()
    }
  }

  connect(address: string): void {
    this.change(address, "connect", (socket) => socket.connect(address))
  }

  bindSync(address: string): void {
    this.change(address, "bind", (socket) => {
      try {
        socket.bindSync(address)
      } catch (error) {
        const found = isUnknownHost(error) ? withLoopbackAddress(address) : undefined
        if (found === undefined) throw error
        try {
          socket.bindSync(found)
        } catch (failure) {
          throw Object.assign(failure as Error, { address })
        }
      }
    })
  }

  /** Connects to a peer and gives it a name. `check` throws if that is taken. */
  connectNamed(address: string, name: Buffer, check: () => void): void {
    this.change(address, "connect", (socket) => {
      check()
      socket.setOption(constant("ZMQ_CONNECT_ROUTING_ID"), wireTypes.bytes, name)
      let taken = false
      try {
        socket.connect(address)
        taken = this.#owner[getOption](socketOptions.immediate) === false
      } finally {
        if (!taken) this.#dropName()
      }
    })
  }

  /**
   * libzmq keeps an unused name for the next connect, and aborts the process if another peer has the name by then.
   * So this gives it to a peer that disconnects at once.
   */
  #dropName(): void {
    const nobody = new addon.NativeSocket(this.#owner.context[handle](), constant("ZMQ_PAIR"))
    const address = `inproc://${randomUUID()}`
    nobody.bindSync(address)
    this.#parts.native.connect(address)
    this.#parts.native.disconnect(address)
    // Both sockets process the disconnect, so that the name is free when this returns.
    while (addon.receiveWithMetadata(nobody.slot, []) !== undefined);
    addon.events(this.#parts.native.slot)
    nobody.close()
  }

  /** Binds or unbinds on another thread, during which the socket is blocked. */
  block(address: string, options: OperationOptions | undefined, bind: boolean): Promise<void> {
    checkAddress(address)
    checkOperation(options)
    this.#parts.readiness.checkUsable()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    const use = bind ? "bind" : undefined
    try {
      this.#check(address, use)
    } catch (error) {
      return Promise.reject(this.#failure(error, address, use))
    }
    const { readiness } = this.#parts
    readiness.block()
    let abandoned = false
    const withCaller = noteCaller(this.block)
    const work = (bind ? this.#bind(address) : this.#parts.native.unbind(address)).then(
      () => this.#changed(address, use),
      (error) => {
        throw withCaller(this.#failure(error, address, use))
      },
    )
    // Until then, a close waits; see Socket.close().
    const done = work.finally(() => {
      readiness.resume()
      this.#parts.unblocked()
    })
    // A failure that nobody waits for does not end the process.
    done.catch(() => {})
    if (options === undefined) return done
    const waiter = new Waiter<void>(() => false)
    waiter.limit(options.timeout ?? -1, options.signal, (reason) => {
      abandoned = true
      // The signal's reason belongs to the program, so it keeps its stack.
      waiter.reject(options.signal?.aborted ? reason : withCaller(reason))
    })
    done.then(
      () => {
        if (!abandoned) waiter.resolve()
        else if (!readiness.isClosed) this.#undo(address, bind)
      },
      (error) => {
        if (!abandoned) waiter.reject(error)
      },
    )
    return waiter.promise
  }

  #changed(address: string, use: EndpointUse | undefined): void {
    if (address.startsWith("inproc:")) this.hasInproc = true
    else this.hasRemote = true
    if (use !== undefined) {
      this.list.add(use === "bind" ? this.#boundAs(address) : address, use)
      return
    }
    this.list.remove(address)
    this.onGivenUp?.(address)
  }

  /** The name under which libzmq knows what was just bound. */
  #boundAs(address: string): string {
    if (!/^(?:tcp|wss?|ipc|vsock):/.test(address)) return address
    try {
      return this.#owner[getOption](socketOptions.lastEndpoint) as string
    } catch {
      // The context is being terminated.
      return address
    }
  }

  async #bind(address: string): Promise<void> {
    try {
      await this.#parts.native.bind(address)
    } catch (error) {
      const found = isUnknownHost(error) ? await withHostAddress(address) : undefined
      if (found === undefined) throw error
      // The name may stand for an address with stricter rules, or encryption may be required by now.
      this.#check(found, "bind")
      await this.#parts.native.bind(found).catch((failure) => {
        throw Object.assign(failure, { address })
      })
    }
  }

  /** Undoes a bind or unbind that its caller has given up. Ignores a failure, because nobody waits for it. */
  #undo(address: string, bind: boolean): void {
    try {
      if (bind) this.#owner.unbindSync(this.#owner[getOption](socketOptions.lastEndpoint) as string)
      else this.#owner.bindSync(address)
    } catch {}
  }
}
