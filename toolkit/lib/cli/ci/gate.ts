// `ohmq gate`.

import { type CommandVerb, runAlone, runCommand } from "../commands.js"
import { runAsk } from "./asking.js"
import { connectionHelp } from "./connection.js"
import { decide, list } from "./deciding.js"

const asking = {
  usage: "gate --request TYPE [--timeout 10m] [--to ENDPOINT] [options], or ohmq gate decide|list",
  purpose: "ask a gate for leave, wait for the answer, and exit by it",
  about: `The relay has a source gate. Whoever may decide does so with ohmq gate decide, or by a webhook.

  --request TYPE        what is asked for, such as deploy.production
  --subject TEXT        what it is about, such as a revision
  --data FILE           JSON for those who decide, at most 64 KiB; - is standard input
  --id TEXT             who asks again with the same id gets the same answer. By default, in GitHub Actions, GitLab CI and Jenkins, the
                        same for a job that is run again and asks for the same; else random
  --source URI          who asks. By default the URL of the run of the CI job; else /ohmq/cli
  --timeout 10m         how long to wait
  --fail closed|open    what nobody's answer means: exit code 3, or 0 with a warning. By default closed
  --verify-key KEY      accept only an answer that is signed with this Ed25519 key, a PEM file or env:NAME, for this request
  --every 30s           how often to say that it waits, on standard error
  --output json         print one JSON object
${connectionHelp(5563)}

Exit codes: 0 allowed, 1 denied, 2 wrong usage, 3 nobody answered in time, 4 the request was refused or the answer cannot be
trusted, 130 and 143 ended by SIGINT and SIGTERM: the request stays open.`,
  run: runAsk,
}

const verb: CommandVerb = {
  name: "gate",
  intro: "Decisions on what waits.",
  commands: {
    decide: {
      usage: "decide ID allow|deny [--reason TEXT] [--sign-key KEY] [--to ENDPOINT]",
      purpose: "decide on a request",
      about: `The name in the certificate of --cert must be among the deciders of the gate. The first decision counts.

  --reason TEXT         why, for those who asked
  --sign-key KEY        sign the decision with this Ed25519 key, a PEM file or env:NAME
  --valid 24h           how long the signed decision holds
  --source URI          of the event. By default /ohmq/gate
  --timeout 30s         how long to wait for the gate
  --output json         print one JSON object
${connectionHelp(5563)}

Exit codes: 0 the decision is on disk and counts, 2 wrong usage, 3 not in time, 4 refused.`,
      run: decide,
    },
    list: {
      usage: "list [--output json] [--to ENDPOINT]",
      purpose: "list what waits for a decision: id, request, subject, who asks, since when",
      about: `Deciders see all requests, others their own.

  --timeout 30s         how long to wait for the gate
${connectionHelp(5563)}`,
      run: list,
    },
  },
}

export const gate = (args: readonly string[]): Promise<number> =>
  args[0] !== undefined && Object.hasOwn(verb.commands, args[0]) ? runCommand(verb, args) : runAlone("", asking, args)
