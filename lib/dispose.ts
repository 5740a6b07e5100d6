// What `using` looks for. On Node.js 20 and 22, realms other than the main one lack these symbols, such as those of test
// environments; then they are what Node.js itself has there.

export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("nodejs.dispose")
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose")
