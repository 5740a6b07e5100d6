// `ohmq relay run`: the relay, until a signal ends it.

import process from "node:process"
import { pino } from "pino"
import { duration } from "../config/index.js"
import { Relay, readConfig } from "../relay/index.js"
import { FileWatch } from "./file-watch.js"
import { defaultFile, parseUsage, UsageError } from "./usage.js"

export async function runRelay(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["drain"])
  const file = positionals[0] ?? defaultFile
  const drain = duration().safeParse(values.drain ?? "10s")
  if (!drain.success) throw new UsageError(`--drain: ${drain.error.issues[0]?.message}`)
  // Lines are written at once, so that the last ones are there when the process ends.
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
  const stopped = resolvers()
  // Before the start: a signal meanwhile must not end the process in the middle.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stopped.resolve(signal))
  let relay: Relay | undefined
  let isPending = false
  const reload = () => {
    isPending = relay === undefined
    relay?.reload().catch((error: Error) => {
      log.error({ reason: error.message }, "The configuration was not reloaded; the relay goes on as before")
    })
  }
  // Before the file is read, too: a change meanwhile would be missed.
  process.on("SIGHUP", reload)
  const watch = new FileWatch(file, reload)
  const config = readConfig(file)
  relay = await Relay.start(config, log)
  if (isPending) reload()
  const signal = await stopped.promise
  log.info({ signal, drain: drain.data }, "The relay stops")
  watch.close()
  await relay.stop(drain.data)
  log.info("The relay has stopped")
  return 0
}

function resolvers(): { promise: Promise<string>; resolve: (signal: string) => void } {
  let resolve: (signal: string) => void = () => {}
  const promise = new Promise<string>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
