// `ohmq relay`.

import { check } from "./check.js"
import { type CommandVerb, runCommand } from "./commands.js"
import { forget } from "./forget.js"
import { init } from "./init.js"
import { replay } from "./replay.js"
import { runRelay } from "./run.js"
import { schema } from "./schema.js"
import { tap } from "./tap.js"
import { test } from "./test.js"

const verb: CommandVerb = {
  name: "relay",
  intro: "FILE is relay.yaml by default.",
  commands: {
    init: { usage: "init [FILE]", purpose: "write a commented configuration that runs as it stands", run: init },
    check: {
      usage: "check [FILE]",
      purpose: "check a configuration, secrets included; the network is not used",
      run: check,
    },
    test: {
      usage: "test [FILE] [--output json]",
      purpose: "run the unit tests of a configuration, relay.test.yaml by default",
      about: `Lets events through the routes and compares what each sink would get. It uses no network, no store and no
secrets. Exit codes: 0 all passed, 1 some failed, 2 the file or its configuration has mistakes.`,
      run: test,
    },
    schema: { usage: "schema", purpose: "print a JSON Schema of the configuration, for editors", run: schema },
    run: { usage: "run [FILE] [--drain 10s]", purpose: "run the relay; SIGHUP reloads, SIGTERM drains", run: runRelay },
    tap: { usage: "tap [FILE] [--source NAME]", purpose: "show what comes in, live", run: tap },
    replay: { usage: "replay SINK [FILE]", purpose: "give a sink its dead letters again", run: replay },
    forget: {
      usage: "forget SINK [FILE]",
      purpose: "give up what waits for a sink that is not configured",
      run: forget,
    },
  },
}

export const relay = (args: readonly string[]): Promise<number> => runCommand(verb, args)
