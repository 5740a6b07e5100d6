// `ohmq relay run`: the relay, until a signal ends it.

import { type FSWatcher, watch } from "node:fs"
import { basename, dirname, resolve } from "node:path"
import process from "node:process"
import { clearTimeout, setTimeout } from "node:timers"
import { pino } from "pino"
import { duration } from "../config/index.js"
import { Relay, readConfig } from "../relay/index.js"
import { defaultFile, parseUsage, UsageError } from "./usage.js"

/** Editors write a file in several steps. */
const settleMs = 200

function watchFile(file: string, changed: () => void): FSWatcher {
  let timer: NodeJS.Timeout | undefined
  // The folder, because editors replace files.
  const watcher = watch(dirname(resolve(file)), (_, name) => {
    if (name !== null && name !== basename(file)) return
    clearTimeout(timer)
    timer = setTimeout(changed, settleMs)
    timer.unref()
  })
  watcher.unref()
  watcher.on("error", () => watcher.close())
  return watcher
}

export async function runRelay(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["drain"])
  const file = positionals[0] ?? defaultFile
  const drain = duration().safeParse(values.drain ?? "10s")
  if (!drain.success) throw new UsageError(`--drain: ${drain.error.issues[0]?.message}`)
  const config = readConfig(file)
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
  // Before the start too: a change meanwhile would be missed.
  process.on("SIGHUP", reload)
  const watcher = watchFile(file, reload)
  relay = await Relay.start(config, log)
  if (isPending) reload()
  const signal = await stopped.promise
  log.info({ signal, drain: drain.data }, "The relay stops")
  watcher.close()
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
