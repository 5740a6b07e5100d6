// The base class of contexts and sockets: properties made from the option table, and access to options by number.

import { getOption, handle, optionRead, optionSet, optionWithId, setOption, written } from "../base/symbols.js"
import type { Option, Wire } from "./table/entry.js"
import { checkValue, type NativeOptions, readOption, valueToRemember, writeOption } from "./values.js"
import { wireTypes } from "./wire.js"

function checkId(id: unknown): asserts id is number {
  if (typeof id !== "number") throw new TypeError("Identifier must be a number")
}

export abstract class OptionHolder {
  /** The last values of options that libzmq cannot read back, by their name in zmq.h. Some are secret, so no inspection shows them. */
  readonly #written = new Map<string, unknown>()

  /** @internal @param setting The option that will be set. */
  abstract [handle](setting?: Option): NativeOptions

  /** @internal */
  abstract [optionSet](option: Option | undefined, value: unknown): void

  /** @internal Called after an option was read by its number. If it was ZMQ_EVENTS, it may have consumed an edge of ZMQ_FD. */
  abstract [optionRead](): void

  /** @internal The entry of the option table for a number, if there is one. */
  abstract [optionWithId](id: number): Option | undefined

  /** @internal */
  get [written](): Map<string, unknown> {
    return this.#written
  }

  /** @internal */
  [getOption](option: Option): unknown {
    const target = this[handle]()
    if (option.access !== "write") return readOption(target, option)
    return this.#written.has(option.zmq) ? this.#written.get(option.zmq) : option.initial
  }

  /** @internal */
  [setOption](option: Option, value: unknown): void {
    writeOption(this[handle](option), option, value)
    this.#remember(option, value)
  }

  #remember(option: Option | undefined, value: unknown): void {
    if (option?.access === "write") this.#written.set(option.zmq, valueToRemember(option.wire, value))
    this[optionSet](option, value)
  }

  #get(id: number, wire: Wire): unknown {
    checkId(id)
    try {
      return this[handle]().getOption(id, wireTypes[wire])
    } finally {
      this[optionRead]()
    }
  }

  #set(id: number, wire: Wire, value: unknown): void {
    checkId(id)
    const option = this[optionWithId](id)
    const target = this[handle](option)
    checkValue(wire, value)
    target.setOption(id, wireTypes[wire], value === "" ? null : value)
    this.#remember(option, value)
  }

  /** Reads an option of zmq.h that is an int with the values 0 and 1. */
  protected getBoolOption(option: number): boolean {
    return this.#get(option, "bool") as boolean
  }

  /** Sets an option of zmq.h that is an int with the values 0 and 1. */
  protected setBoolOption(option: number, value: boolean): void {
    this.#set(option, "bool", value)
  }

  /** Reads an option of zmq.h that is an int. */
  protected getInt32Option(option: number): number {
    return this.#get(option, "int32") as number
  }

  /** Sets an option of zmq.h that is an int. */
  protected setInt32Option(option: number, value: number): void {
    this.#set(option, "int32", value)
  }

  /** Reads an option of zmq.h that is an int, as a number without sign. */
  protected getUint32Option(option: number): number {
    return this.#get(option, "uint32") as number
  }

  /** Sets an option of zmq.h that is an int, from a number without sign. */
  protected setUint32Option(option: number, value: number): void {
    this.#set(option, "uint32", value)
  }

  /** Reads an option of zmq.h that is an int64_t. */
  protected getInt64Option(option: number): number {
    return this.#get(option, "int64") as number
  }

  /** Sets an option of zmq.h that is an int64_t. */
  protected setInt64Option(option: number, value: number): void {
    this.#set(option, "int64", value)
  }

  /** Reads an option of zmq.h that is a uint64_t. */
  protected getUint64Option(option: number): number {
    return this.#get(option, "uint64") as number
  }

  /** Sets an option of zmq.h that is a uint64_t. */
  protected setUint64Option(option: number, value: number): void {
    this.#set(option, "uint64", value)
  }

  /** Reads an option of zmq.h that is text; empty text reads as null. */
  protected getStringOption(option: number): string | null {
    return this.#get(option, "string") as string | null
  }

  /** Sets an option of zmq.h that is text or bytes. */
  protected setStringOption(option: number, value: string | Uint8Array | null): void {
    this.#set(option, "string", value)
  }
}

/** Defines a property for each option on the prototype of a class. */
export function defineOptions(holder: { prototype: OptionHolder }, options: Iterable<[string, Option]>): void {
  for (const [name, option] of options) {
    const property: PropertyDescriptor & ThisType<OptionHolder> = {
      configurable: true,
      get() {
        return this[getOption](option)
      },
    }
    if (option.access !== "read") {
      property.set = function (this: OptionHolder, value) {
        this[setOption](option, value)
      }
    }
    Object.defineProperty(holder.prototype, name, property)
  }
}
