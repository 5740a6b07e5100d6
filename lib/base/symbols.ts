// Keys of what the classes show to each other and not to users.
//
// A process may evaluate this package several times: a test runner does so for each test file, a program may have two bundles of
// it, or two versions. The keys are the same for all that understand one another, so that an object of one copy works with those
// of another.

/**
 * What the addon and JavaScript, and copies of the JavaScript, rely on of one another. To be raised with every change of what the
 * addon exports (kInterface in native/addon.cc) or of what stands behind these keys.
 */
export const INTERFACE = 2

const ours = `ohmq.${INTERFACE}`

/** OptionHolder: the addon's object, or an error if it cannot be used, such as to set an option; and what follows that. */
export const handle = Symbol.for(`${ours}.handle`)
export const optionSet = Symbol.for(`${ours}.optionSet`)
export const optionRead = Symbol.for(`${ours}.optionRead`)

/** OptionHolder: what the properties made from the option table call. */
export const getOption = Symbol.for(`${ours}.getOption`)
export const setOption = Symbol.for(`${ours}.setOption`)

/** OptionHolder: the entry of the option table for a number. */
export const optionWithId = Symbol.for(`${ours}.optionWithId`)

/** Socket: what its subclasses use. Not methods by name, because programs have subclasses with methods of any name. */
export const act = Symbol.for(`${ours}.act`)
export const connectBy = Symbol.for(`${ours}.connectBy`)
export const connectNamed = Symbol.for(`${ours}.connectNamed`)
export const divert = Symbol.for(`${ours}.divert`)

/** Socket: how its messages look, where they are not arrays of parts. */
export const form = Symbol.for(`${ours}.form`)

/** Socket: what it is bound and connected to. */
export const endpoints = Symbol.for(`${ours}.endpoints`)

/** Observer: how a socket's `connected` waits. */
export const waitForPeers = Symbol.for(`${ours}.waitForPeers`)

/** Socket: what a proxy, which takes it over, needs of it. */
export const lend = Symbol.for(`${ours}.lend`)

/** The method that a socket's NativeSocket calls, through its `owner`, when an event that the socket watches for has come. */
export const onReady = Symbol.for(`${ours}.onReady`)

/** The method that closes a socket for the end of its context, for which a proxy that has it gives it back. */
export const leave = Symbol.for(`${ours}.leave`)
