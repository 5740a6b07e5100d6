// `ohmq relay`.

import process from "node:process"
import { ConfigError, suggestion } from "../config/index.js"
import { DamageError, StoreError } from "../store/index.js"
import { check } from "./check.js"
import { forget } from "./forget.js"
import { init } from "./init.js"
import { replay } from "./replay.js"
import { runRelay } from "./run.js"
import { schema } from "./schema.js"
import { tap } from "./tap.js"
import { UsageError } from "./usage.js"

interface Command {
  usage: string
  purpose: string
  run(args: readonly string[]): Promise<number>
}

const commands: Readonly<Record<string, Command>> = {
  init: { usage: "init [FILE]", purpose: "write a commented configuration that runs as it stands", run: init },
  check: {
    usage: "check [FILE]",
    purpose: "check a configuration, secrets included; the network is not used",
    run: check,
  },
  schema: { usage: "schema", purpose: "print a JSON Schema of the configuration, for editors", run: schema },
  run: { usage: "run [FILE] [--drain 10s]", purpose: "run the relay; SIGHUP reloads, SIGTERM drains", run: runRelay },
  tap: { usage: "tap [FILE] [--source NAME]", purpose: "show what comes in, live", run: tap },
  replay: { usage: "replay SINK [FILE]", purpose: "give a sink its dead letters again", run: replay },
  forget: { usage: "forget SINK [FILE]", purpose: "give up what waits for a sink that is not configured", run: forget },
}

const help = () =>
  [
    "Usage: ohmq relay COMMAND. FILE is relay.yaml by default.",
    "",
    ...Object.values(commands).map(({ usage, purpose }) => `  ${usage.padEnd(28)}${purpose}`),
    "",
  ].join("\n")

/** Runs a command. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function relay(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === "--help" || name === "-h") {
    process.stdout.write(help())
    return name === undefined ? 2 : 0
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command === undefined)
      throw new UsageError(`Unknown command "${name}".${suggestion(name, Object.keys(commands))}`)
    return await command.run(rest)
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`)
    else process.stderr.write(`error: ${(error as Error).message}\n`)
    if (error instanceof UsageError || error instanceof ConfigError) return 2
    if (!(error instanceof StoreError) && !(error instanceof DamageError) && process.env.OHMQ_DEBUG)
      process.stderr.write(`${(error as Error).stack}\n`)
    return 1
  }
}
