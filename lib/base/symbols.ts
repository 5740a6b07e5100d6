// Keys of what the classes show to each other and not to users. They are registered, so that an object of one copy of this package
// works with those of another; see lib/native/interface.ts.

import { INTERFACE } from "../native/interface.js"

const ours = `ohmq.${INTERFACE}`

/** OptionHolder: the addon's object, or an error if it cannot be used, such as to set an option; and what follows that. */
export const handle = Symbol.for(`${ours}.handle`)
export const optionSet = Symbol.for(`${ours}.optionSet`)
export const optionRead = Symbol.for(`${ours}.optionRead`)

/** OptionHolder: what the properties made from the option table call. */
export const getOption = Symbol.for(`${ours}.getOption`)
export const setOption = Symbol.for(`${ours}.setOption`)

/** OptionHolder: the last values of options that libzmq cannot read back. */
export const written = Symbol.for(`${ours}.written`)

/** OptionHolder: the entry of the option table for a number. */
export const optionWithId = Symbol.for(`${ours}.optionWithId`)

/** Socket: what its subclasses use. Not methods by name, because programs have subclasses with methods of any name. */
export const act = Symbol.for(`${ours}.act`)
export const connectBy = Symbol.for(`${ours}.connectBy`)
export const connectNamed = Symbol.for(`${ours}.connectNamed`)
export const divert = Symbol.for(`${ours}.divert`)

/** Socket: what it is bound and connected to. */
export const endpoints = Symbol.for(`${ours}.endpoints`)

/** Observer: how a socket's `connected` waits. */
export const waitForPeers = Symbol.for(`${ours}.waitForPeers`)

/** Socket: what a proxy, which takes it over, needs of it. */
export const lend = Symbol.for(`${ours}.lend`)
