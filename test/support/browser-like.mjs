// Evaluates the package in its own realm with a browser's globals, as Jest does with jsdom, and with fake timers from the start.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import vm from "node:vm"

/** Timers that are numbers, and a signal like jsdom's, which is not a class of Node.js. */
const browser = `
  globalThis.AbortSignal = class AbortSignal {
    aborted = false
    reason = undefined
    listeners = new Set()
    addEventListener(type, listener) { this.listeners.add(listener) }
    removeEventListener(type, listener) { this.listeners.delete(listener) }
  }
  globalThis.AbortController = class AbortController {
    signal = new AbortSignal()
    abort(reason = new Error("This operation was aborted")) {
      if (this.signal.aborted) return
      Object.assign(this.signal, { aborted: true, reason })
      for (const listener of this.signal.listeners) listener({ type: "abort" })
    }
  }
`

/** Jest gives each test file its own process. */
const faked = Object.create(process, { nextTick: { value: () => {} } })

/** The realm, and the four entry points in it. */
export function browserLike() {
  const realm = vm.createContext({
    setTimeout: (callback, delay) => Number(setTimeout(callback, delay)),
    clearTimeout: (timer) => clearTimeout(timer),
    queueMicrotask: () => {},
  })
  vm.runInContext(browser, realm)
  const modules = new Map()
  const load = (file) => {
    const known = modules.get(file)
    if (known !== undefined) return known.exports
    const module = { exports: {} }
    modules.set(file, module)
    const ofNode = createRequire(file)
    const require = (name) => {
      if (name === "node:process") return faked
      return name.startsWith(".") ? load(ofNode.resolve(name)) : ofNode(name)
    }
    const names = ["exports", "require", "module", "__filename", "__dirname"]
    const evaluate = vm.compileFunction(readFileSync(file, "utf8"), names, { filename: file, parsingContext: realm })
    evaluate(module.exports, require, module, file, path.dirname(file))
    return module.exports
  }
  const entry = (name) => load(createRequire(import.meta.url).resolve(name))
  const packages = {
    zmq: entry("ohmq"),
    draft: entry("ohmq/draft"),
    security: entry("ohmq/security"),
    v5: entry("ohmq/v5-compat"),
  }
  return { packages, realm: vm.runInContext("globalThis", realm) }
}
