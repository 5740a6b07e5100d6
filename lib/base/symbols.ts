// The keys of members that our classes use among themselves and that programs do not see. They are registered symbols, so that objects of
// one copy of this package work with those of another; see lib/native/interface.ts.

import { INTERFACE } from "../native/interface.js"

const ours = `ohmq.${INTERFACE}`

/** OptionHolder: returns the addon's object, or throws if it cannot be used; called after an option was set or read. */
export const handle = Symbol.for(`${ours}.handle`)
export const optionSet = Symbol.for(`${ours}.optionSet`)
export const optionRead = Symbol.for(`${ours}.optionRead`)

/** OptionHolder: called by the properties that are made from the option table. */
export const getOption = Symbol.for(`${ours}.getOption`)
export const setOption = Symbol.for(`${ours}.setOption`)

/** OptionHolder: the last values of options that libzmq cannot read back. */
export const written = Symbol.for(`${ours}.written`)

/** OptionHolder: the entry of the option table for a number. */
export const optionWithId = Symbol.for(`${ours}.optionWithId`)

/** Socket: for its subclasses in lib/sockets/. Not methods by name, because subclasses in programs may have methods of any name. */
export const act = Symbol.for(`${ours}.act`)
export const connectBy = Symbol.for(`${ours}.connectBy`)
export const connectNamed = Symbol.for(`${ours}.connectNamed`)
export const divert = Symbol.for(`${ours}.divert`)

/** Socket: its endpoints. */
export const endpoints = Symbol.for(`${ours}.endpoints`)

/** Observer: waits for peers, for `socket.connected`. */
export const waitForPeers = Symbol.for(`${ours}.waitForPeers`)

/** Socket: its loan to a proxy. */
export const lend = Symbol.for(`${ours}.lend`)
