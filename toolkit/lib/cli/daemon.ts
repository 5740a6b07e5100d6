// What runs until a signal ends it, such as a relay.

import process from "node:process"
import { clearTimeout, setTimeout } from "node:timers"
import { type Logger, pino } from "pino"
import { timerDuration } from "../config/index.js"
import { FileWatch } from "./file-watch.js"
import { UsageError } from "./usage.js"

/** Something that runs, by a configuration in a file. */
export interface Daemon {
  reload(): Promise<void>
  /** @param drain Aborted when the time to drain is over. */
  stop(drain: AbortSignal): Promise<void>
  /** Resolves if it cannot go on. It has logged why. */
  readonly failed?: Promise<unknown>
}

/** A signal that comes so soon after the first is the same one: a shell, npx or systemd tells the whole group, and npx passes it on. */
const sameMs = 250

/**
 * Runs it until SIGTERM or SIGINT; a second one ends the drain. SIGHUP, or a change of the file, reloads it. Resolves to the exit code: 1 if
 * it could not go on.
 */
export async function runDaemon(
  name: "relay" | "responder",
  file: string,
  drainOption: string | undefined,
  start: (log: Logger) => Promise<Daemon>,
): Promise<number> {
  const drain = timerDuration().safeParse(drainOption ?? "10s")
  if (!drain.success) throw new UsageError(`--drain: ${drain.error.issues[0]?.message}`)
  // Lines are written at once, so that the last ones are there when the process ends.
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
  const stopped = resolvers()
  const over = new AbortController()
  let stoppedAt: number | undefined
  const stop = (signal: NodeJS.Signals) => {
    const now = performance.now()
    stoppedAt ??= now
    if (now === stoppedAt) stopped.resolve(signal)
    else if (now - stoppedAt > sameMs && !over.signal.aborted) {
      log.warn({ signal }, `A second signal: the ${name} ends without waiting`)
      over.abort()
    }
  }
  // Before the start: a signal meanwhile must not end the process in the middle.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop)
  let daemon: Daemon | undefined
  let isPending = false
  const reload = () => {
    isPending = daemon === undefined
    daemon?.reload().catch((error: Error) => {
      log.error({ reason: error.message }, `The configuration was not reloaded; the ${name} goes on as before`)
    })
  }
  // Before the file is read, too: a change meanwhile would be missed.
  process.on("SIGHUP", reload)
  const watch = new FileWatch(file, reload)
  daemon = await start(log)
  if (isPending) reload()
  const failed = daemon.failed?.then(() => "failed")
  const signal = await Promise.race([stopped.promise, ...(failed ? [failed] : [])])
  const more = signal === "failed" ? {} : { signal }
  log.info({ ...more, drain: drain.data }, `The ${name} stops. A second signal ends it without waiting`)
  watch.close()
  const timer = setTimeout(() => over.abort(), drain.data)
  await daemon.stop(over.signal)
  clearTimeout(timer)
  log.info(`The ${name} has stopped`)
  return signal === "failed" ? 1 : 0
}

function resolvers(): { promise: Promise<string>; resolve: (signal: string) => void } {
  let resolve: (signal: string) => void = () => {}
  const promise = new Promise<string>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
