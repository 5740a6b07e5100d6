// What runs until a signal ends it, such as a relay.

import process from "node:process"
import { type Logger, pino } from "pino"
import { duration } from "../config/index.js"
import { FileWatch } from "./file-watch.js"
import { UsageError } from "./usage.js"

/** Something that runs, by a configuration in a file. */
export interface Daemon {
  reload(): Promise<void>
  stop(drainMs: number): Promise<void>
  /** Resolves if it cannot go on. It has logged why. */
  readonly failed?: Promise<unknown>
}

/** Runs it until SIGTERM or SIGINT. SIGHUP, or a change of the file, reloads it. Resolves to the exit code: 1 if it could not go on. */
export async function runDaemon(
  name: "relay" | "responder",
  file: string,
  drainOption: string | undefined,
  start: (log: Logger) => Promise<Daemon>,
): Promise<number> {
  const drain = duration().safeParse(drainOption ?? "10s")
  if (!drain.success) throw new UsageError(`--drain: ${drain.error.issues[0]?.message}`)
  // Lines are written at once, so that the last ones are there when the process ends.
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
  const stopped = resolvers()
  // Before the start: a signal meanwhile must not end the process in the middle.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stopped.resolve(signal))
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
  log.info({ ...(signal !== "failed" && { signal }), drain: drain.data }, `The ${name} stops`)
  watch.close()
  await daemon.stop(drain.data)
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
