// Uses one listener per signal, however many operations wait for it: Node warns of a leak if a signal has more than ten listeners, and a
// program may have one signal for its shutdown and many sockets.

type Listener = () => void

/** Whether a value is an AbortSignal, of any realm (jsdom has its own), or an object of a package that replaces it. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>
  return (
    typeof aborted === "boolean" && typeof addEventListener === "function" && typeof removeEventListener === "function"
  )
}

/** What an operation rejects with when its signal is aborted. */
export function reasonOf(signal: AbortSignal): unknown {
  if (signal.reason !== undefined) return signal.reason
  // Packages that replace AbortSignal may not support reasons.
  return Object.assign(new Error("The operation was aborted"), { name: "AbortError", code: "ABORT_ERR" })
}

interface Listeners {
  all: Set<Listener>
  tell: Listener
}

const bySignal = new WeakMap<AbortSignal, Listeners>()

/** Calls a listener once, when a signal is aborted, unless `stopWaiting` comes first. The listener of a signal that is already aborted is never called. */
export function waitForAbort(signal: AbortSignal, listener: Listener): void {
  const known = bySignal.get(signal)
  if (known !== undefined) {
    known.all.add(listener)
    return
  }
  const all = new Set([listener])
  const tell = () => {
    for (const each of all) each()
  }
  bySignal.set(signal, { all, tell })
  signal.addEventListener("abort", tell, { once: true })
}

/** Removes a listener. The last one removes ours from the signal, which can then be collected. */
export function stopWaiting(signal: AbortSignal, listener: Listener): void {
  const known = bySignal.get(signal)
  if (known === undefined || !known.all.delete(listener) || known.all.size > 0) return
  bySignal.delete(signal)
  signal.removeEventListener("abort", known.tell)
}
