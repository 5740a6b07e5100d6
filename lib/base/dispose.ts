// The symbols that `using` looks for. On Node.js 20 and 22 only the main realm has them, and a test environment in a vm context does
// not. There they are the same registered symbols that Node.js itself uses in the main realm.

export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("nodejs.dispose")
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose")

declare global {
  // Newer than the oldest compilers and libraries that read these types; where it is there already, it is the same.
  interface SymbolConstructor {
    readonly dispose: unique symbol
    readonly asyncDispose: unique symbol
  }
}
