// The agreement between the addon and JavaScript, and between the copies of the JavaScript in one process.
//
// A process may evaluate this package several times: a test runner does so for each test file, a program may have two bundles of it,
// or two versions. Registered symbols are the same for all copies that understand one another.

/**
 * Raise it with every change of what the addon exports, or of what is behind the keys here and in lib/base/symbols.ts; then run
 * scripts/interface.mjs.
 */
export const INTERFACE = 6

/** The method that the addon calls, through a NativeSocket's `owner`, when an event that the socket watches for has come. */
export const onReady = Symbol.for(`ohmq.${INTERFACE}.onReady`)

/** The method that closes a socket when its context ends. A proxy that has the socket gives it back first. */
export const leave = Symbol.for(`ohmq.${INTERFACE}.leave`)
