// `ohmq respond`.

import { type CommandVerb, runCommand } from "./commands.js"
import { check } from "./respond/check.js"
import { approve, refuse, undo } from "./respond/decide.js"
import { init } from "./respond/init.js"
import { list, pending } from "./respond/list.js"
import { runResponder } from "./respond/run.js"
import { schema } from "./respond/schema.js"
import { test } from "./respond/test.js"

const verb: CommandVerb = {
  name: "respond",
  intro: "FILE is rules.yaml by default.",
  commands: {
    init: { usage: "init [FILE]", purpose: "write commented rules and their tests, to begin with", run: init },
    check: { usage: "check [FILE]", purpose: "check rules, secrets included; the network is not used", run: check },
    test: {
      usage: "test [FILE] [--output json]",
      purpose: "run the unit tests of rules",
      about: `FILE is rules.yaml, whose tests are in rules.test.yaml, or a file of tests itself. Alerts come in, and the decisions are
compared. Nothing is done, and no network, no store and no secrets are used.
Exit codes: 0 all passed, 1 some failed, 2 the file or its rules have mistakes.`,
      run: test,
    },
    schema: { usage: "schema", purpose: "print a JSON Schema of the configuration, for editors", run: schema },
    run: {
      usage: "run [FILE] [--drain 10s]",
      purpose: "run the responder; SIGHUP reloads, SIGTERM drains",
      about: `SIGTERM and SIGINT stop the sources, and wait for what runs, for as long as --drain at most, which is 24d at most. A
second signal ends the responder without waiting any more: what runs is cut off, and recorded as ambiguous.`,
      run: runResponder,
    },
    pending: { usage: "pending [FILE] [--output json]", purpose: "list what waits for approval", run: pending },
    approve: {
      usage: "approve ID [FILE]",
      purpose: "approve a response",
      about: `The responder knows who you are by the user id of this process. If two people have to approve, the other one is another
user.`,
      run: approve,
    },
    refuse: { usage: "refuse ID [FILE] [--reason TEXT]", purpose: "refuse a response that has not begun", run: refuse },
    list: {
      usage: "list [FILE] [--output json]",
      purpose: "list open responses and the last ones that ended",
      run: list,
    },
    undo: { usage: "undo ID [FILE]", purpose: "undo a response now, before it expires", run: undo },
  },
}

export const respond = (args: readonly string[]): Promise<number> => runCommand(verb, args)
