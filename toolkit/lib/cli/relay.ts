// `ohmq relay`.

import { check } from "./check.js"
import { type CommandVerb, runCommand } from "./commands.js"
import { forget } from "./forget.js"
import { init } from "./init.js"
import { migrate } from "./migrate.js"
import { reconcile } from "./reconcile.js"
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
      purpose: "check a configuration, its secrets and certificates; the network is not used",
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
    run: {
      usage: "run [FILE] [--drain 10s] [--drain-failing]",
      purpose: "run the relay; SIGHUP reloads, SIGTERM drains",
      about: `SIGTERM and SIGINT stop the sources, and deliver what waits, for as long as --drain at most. What waits for a sink that fails
stays in the store for the next start; with --drain-failing, the relay tries to deliver that, too, for as long as --drain: for a
store that is gone once the relay has ended, such as an emptyDir of Kubernetes. A second signal ends it without waiting any more.
--drain is 24d at most.`,
      run: runRelay,
    },
    tap: { usage: "tap [FILE] [--source NAME]", purpose: "show what comes in, live", run: tap },
    replay: { usage: "replay SINK [FILE]", purpose: "give a sink its dead letters again", run: replay },
    reconcile: {
      usage: "reconcile [FILE] [--since TIME] [--output json]",
      purpose: "prove that every event is delivered, dead or waiting; github: ask again for what failed",
      about: `For each sink: received + replayed = delivered + dead + waiting. What was received is counted in the store's files,
what was delivered when it was. The relay may run or not. TIME is a date such as 2026-11-29T10:00Z, or a duration before
now such as 24h; by default, as far back as the store has the events. Exit codes: 0 the books balance, 1 they do not.

ohmq relay reconcile github [FILE] (--repo OWNER/NAME | --org NAME) --hook NUMBER
Asks GitHub for the deliveries of a hook that failed, and that the relay has not stored.
  --token env:NAME|file:PATH  the token, with write access to webhooks. By default env:GITHUB_TOKEN
  --since TIME                by default 3d: GitHub keeps deliveries for three days
  --api URL                   of GitHub Enterprise Server, such as https://github.example.com/api/v3
  --dry-run                   show what would be asked for, and ask for nothing
Exit codes: 0 done, 1 GitHub refuses some, 2 wrong usage.`,
      run: reconcile,
    },
    migrate: {
      usage: "migrate FROM TO",
      purpose: "bring the store from files to NATS JetStream, or back",
      about: `FROM and TO are configurations, of which one has store.jetstream. No relay may run. Events, cursors, dead letters, streams
of links and known deliveries stay. If store.path is the same, the store is migrated where it is; else it is copied, and the old
one stays. If it fails, the old one is as it was: run it again.`,
      run: migrate,
    },
    forget: {
      usage: "forget SINK [FILE]",
      purpose: "give up what waits for a sink that is not configured",
      run: forget,
    },
  },
}

export const relay = (args: readonly string[]): Promise<number> => runCommand(verb, args)
