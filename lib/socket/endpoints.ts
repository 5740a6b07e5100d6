// What a socket is bound and connected to: what must hold before, and what happens meanwhile.

import type { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"

import { reasonOf } from "../base/abort.js"
import { errnoError, noteCaller } from "../base/errors.js"
import { getOption, handle } from "../base/symbols.js"
import { checkEncryption, type EndpointUse, namesUsersForCertain } from "../encryption/requirements.js"
import type { SecuritySetup } from "../encryption/security-option.js"
import { addon, constant, type NativeSocket, wireTypes } from "../native/addon.js"
import { type Option, socketOptions } from "../options/table/index.js"
import { isUnknownHost, withHostAddress, withLoopbackAddress } from "./host-names.js"
import type { OperationOptions } from "./interfaces.js"
import { checkOperation, Waiter } from "./queues.js"
import type { Socket } from "./socket.js"
import { State, type Traffic } from "./traffic.js"

function checkAddress(address: unknown): asserts address is string {
  if (typeof address !== "string") throw new TypeError("Address must be a string")
}

/**
 * libzmq takes a port of 65537 for 1, one of 65536 for any, and to bind, one of -1 for 65535. It reads an address up to the first
 * NUL: what comes after that would be looked at here, and not used.
 */
function checkForm(address: string): void {
  const port = /^(?:tcp|udp|ws|wss):.*:([+-]?\d+)(?:\/.*)?$/.exec(address)?.[1]
  const fits = port === undefined || (Number(port) >= 0 && Number(port) <= 65535)
  if (!fits || address.includes("\0")) throw Object.assign(errnoError("EINVAL"), { address })
}

/** Says of a bind over ipc that failed why the path cannot be had: libzmq only has a number for it. */
function explained(error: unknown, address: string): unknown {
  const { code } = error as { code?: string }
  if (code !== "EEXIST" || !address.startsWith("ipc://")) return error
  const path = address.slice("ipc://".length)
  return Object.assign(error as Error, { message: `${path} exists and is not a socket, so it is left alone` })
}

/** The endpoints of one socket. */
export class Endpoints {
  /** To be checked before each. */
  security: SecuritySetup | undefined
  /** Whether libzmq says among the messages who comes and goes, which it does not over inproc and of whom the socket connects to. */
  hasPeerEvents = false
  /** Called with an address when an unbind or disconnect from it has succeeded. */
  onGivenUp: ((address: string) => void) | undefined
  readonly #socket: Socket
  readonly #native: NativeSocket
  readonly #type: number
  readonly #traffic: Traffic
  readonly #unblocked: () => void
  #count = 0
  #blocking: Promise<void> | undefined

  /** @param unblocked is called when a bind or unbind has ended. */
  constructor(socket: Socket, native: NativeSocket, type: number, traffic: Traffic, unblocked: () => void) {
    this.#socket = socket
    this.#native = native
    this.#type = type
    this.#traffic = traffic
    this.#unblocked = unblocked
  }

  get isEmpty(): boolean {
    return this.#count <= 0
  }

  /** Resolves when the bind or unbind that is under way has ended. */
  get settled(): Promise<void> | undefined {
    return this.#blocking
  }

  /** @param use What it is for, if it is not to be given up. */
  #check(address: string, use?: EndpointUse): void {
    checkForm(address)
    if (use !== undefined) {
      this.security?.check(this.#socket, address)
      const read = (option: Option) => this.#socket[getOption](option)
      const isSecretKey = (key: string | null) => this.#native.isSecretKey(key)
      const required = this.#socket.context.requireEncryption
      checkEncryption({ address, use, type: this.#type, read, isSecretKey, required })
      if (!address.startsWith("inproc:")) this.#traffic.inbox.usersAreCertain &&= namesUsersForCertain(read)
    }
    if (this.hasPeerEvents && (use === "connect" || address.startsWith("inproc:"))) {
      const refused = "A socket with peerEvents does not connect, and has no inproc:// endpoints"
      throw Object.assign(errnoError("EINVAL", refused), { address })
    }
  }

  /** Makes one, or gives one up, by a call on the addon's socket. */
  change<T>(address: string, use: EndpointUse | undefined, call: (socket: NativeSocket) => T): T {
    checkAddress(address)
    this.#traffic.checkUsable()
    this.#check(address, use)
    try {
      const result = call(this.#native)
      this.#changed(address, use !== undefined)
      return result
    } finally {
      // libzmq looks at its commands in here, and so may use up the edge that somebody waits for.
      this.#traffic.attend()
    }
  }

  bindSync(address: string): void {
    this.change(address, "bind", (socket) => {
      try {
        socket.bindSync(address)
      } catch (error) {
        const found = isUnknownHost(error) ? withLoopbackAddress(address) : undefined
        if (found === undefined) throw explained(error, address)
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
        taken = this.#socket[getOption](socketOptions.immediate) === false
      } finally {
        if (!taken) this.#dropName()
      }
    })
  }

  /**
   * libzmq keeps a name that no peer has got for the next connect, and ends the process if another peer has it by then.
   * So a peer that goes at once gets it.
   */
  #dropName(): void {
    const nobody = new addon.NativeSocket(this.#socket.context[handle](), constant("ZMQ_PAIR"))
    const address = `inproc://${randomUUID()}`
    nobody.bindSync(address)
    this.#native.connect(address)
    this.#native.disconnect(address)
    // Both see to it, so that the name is free when this returns.
    while (addon.receiveWithMetadata(nobody.slot, []) !== undefined);
    addon.events(this.#native.slot)
    nobody.close()
  }

  /** Binds or unbinds on another thread, during which the socket is blocked. */
  block(address: string, options: OperationOptions | undefined, bind: boolean): Promise<void> {
    checkAddress(address)
    checkOperation(options)
    this.#traffic.checkUsable()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    try {
      this.#check(address, bind ? "bind" : undefined)
    } catch (error) {
      return Promise.reject(error)
    }
    this.#traffic.state = State.Blocked
    this.#traffic.stopWatching()
    let abandoned = false
    const withCaller = noteCaller(this.block)
    const work = (bind ? this.#bind(address) : this.#native.unbind(address)).then(
      () => this.#changed(address, bind),
      (error) => {
        throw withCaller(error)
      },
    )
    const done = work.finally(() => {
      this.#blocking = undefined
      if (this.#traffic.state === State.Closed) return
      this.#traffic.state = State.Open
      this.#unblocked()
    })
    this.#blocking = done.catch(() => {})
    if (options === undefined) return done
    const waiter = new Waiter<void>(() => false)
    waiter.limit(options.timeout ?? -1, options.signal, (reason) => {
      abandoned = true
      // The signal's reason is the program's own.
      waiter.reject(options.signal?.aborted ? reason : withCaller(reason))
    })
    done.then(
      () => {
        if (!abandoned) waiter.resolve()
        else if (this.#traffic.state !== State.Closed) this.#undo(address, bind)
      },
      (error) => {
        if (!abandoned) waiter.reject(error)
      },
    )
    return waiter.promise
  }

  #changed(address: string, more: boolean): void {
    this.#count += more ? 1 : -1
    if (!more) this.onGivenUp?.(address)
  }

  async #bind(address: string): Promise<void> {
    try {
      await this.#native.bind(address)
    } catch (error) {
      const found = isUnknownHost(error) ? await withHostAddress(address) : undefined
      if (found === undefined || this.#traffic.state === State.Closed) throw explained(error, address)
      // The name may stand for another address than it seemed to, or encryption be required since.
      this.#check(found, "bind")
      await this.#native.bind(found).catch((failure) => {
        throw Object.assign(failure, { address })
      })
    }
  }

  /** Takes back a bind or unbind that its caller has given up; there is nobody left to tell if that fails. */
  #undo(address: string, bind: boolean): void {
    try {
      if (bind) this.#socket.unbindSync(this.#socket[getOption](socketOptions.lastEndpoint) as string)
      else this.#socket.bindSync(address)
    } catch {}
  }
}
