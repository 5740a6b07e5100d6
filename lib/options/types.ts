// The types of options, made from the option tables.

import type { Buffer } from "node:buffer"

import type { SocketName } from "../base/socket-types.js"
import type { contextOptions, Option, socketOptions } from "./table/index.js"

type SocketTable = typeof socketOptions
type ContextTable = typeof contextOptions

/** The type of an option's value. */
type ValueOf<O extends Option> = O extends { flags: infer F }
  ? (keyof F)[]
  : O extends { values: readonly (infer V)[] }
    ? V
    : {
        bool: boolean
        int32: number
        uint32: number
        int64: number
        uint64: number
        string: string | null
        text: string | null
        bytes: Buffer | null
        curveKey: string | null
        flags: number
        properties: Record<string, string> | null
      }[O["wire"]]

/** Whether a class has an option. "Socket" stands for options that all sockets have. */
type IsOn<O extends Option, S extends SocketName | "Socket"> = O extends { on: readonly SocketName[] }
  ? S extends O["on"][number]
    ? true
    : false
  : S extends "Socket"
    ? true
    : false

/** The options of a class beyond those of `Socket`, as properties. */
export type OptionsOn<S extends SocketName | "Socket"> = {
  -readonly [K in keyof SocketTable as IsOn<SocketTable[K], S> extends true
    ? SocketTable[K] extends { access: "read" }
      ? never
      : K
    : never]: ValueOf<SocketTable[K]>
} & {
  readonly [K in keyof SocketTable as IsOn<SocketTable[K], S> extends true
    ? SocketTable[K] extends { access: "read" }
      ? K
      : never
    : never]: ValueOf<SocketTable[K]>
}

/** The options of a context, as properties. */
export type ContextProperties = {
  -readonly [K in keyof ContextTable as ContextTable[K] extends { access: "read" } ? never : K]: ValueOf<
    ContextTable[K]
  >
} & {
  readonly [K in keyof ContextTable as ContextTable[K] extends { access: "read" } ? K : never]: ValueOf<ContextTable[K]>
}

type IfEquals<X, Y, A, B = never> = (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2 ? A : B

/** The names of the properties that can be assigned, without methods. */
type WritableKeys<T> = {
  [P in keyof T]-?: T[P] extends (...args: never[]) => unknown
    ? never
    : IfEquals<{ [Q in P]: T[P] }, { -readonly [Q in P]: T[P] }, P>
}[keyof T]

type Expand<T> = T extends infer O ? { [K in keyof O]: O[K] } : never

/** The options that the constructor of a class takes. */
export type Options<T, E = object> = Expand<Partial<E & Pick<T, WritableKeys<T>>>>
