// `ohmq relay reconcile github`: asks GitHub again for deliveries that failed and that the relay has not stored.

import { resolve } from "node:path"
import process from "node:process"
import { isLoopback, secret } from "../config/index.js"
import {
  type FailedDelivery,
  failedDeliveries,
  GithubApi,
  type Hook,
  readPlace,
  redeliver,
  storedDeliveries,
} from "../relay/index.js"
import { timeOf } from "./since.js"
import { plural } from "./terminal.js"
import { defaultFile, isJson, parseUsage, UsageError, warnOfMistakes } from "./usage.js"

function hookOf({ repo, org, hook }: { repo?: string; org?: string; hook?: string }): Hook {
  if ((repo === undefined) === (org === undefined))
    throw new UsageError("Expected either --repo OWNER/NAME or --org NAME")
  if (repo !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(repo))
    throw new UsageError(`--repo: Expected OWNER/NAME but received "${repo}"`)
  if (org !== undefined && !/^[\w.-]+$/.test(org)) throw new UsageError(`--org: Expected a name but received "${org}"`)
  if (hook === undefined || !/^\d+$/.test(hook))
    throw new UsageError("--hook: Expected the number of the hook: it ends the URL of the hook's settings")
  return { repo, org, id: hook }
}

function tokenOf(reference: string | undefined): string {
  const parsed = secret().safeParse(reference ?? "env:GITHUB_TOKEN")
  // What was given is not repeated: it may be the token itself.
  if (!parsed.success) throw new UsageError("--token: Expected env:NAME or file:PATH, and not the token itself")
  const problem = parsed.data.resolve({ folder: process.cwd(), env: process.env })
  if (problem !== undefined) throw new UsageError(`--token: ${problem}`)
  return parsed.data.reveal()
}

function apiOf(api = "https://api.github.com"): string {
  const url = URL.canParse(api) ? new URL(api) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError("--api: Expected a URL such as https://github.example.com/api/v3")
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    throw new UsageError("--api: http: would send the token unencrypted. Use https:")
  return url.href
}

const describe = ({ time, event, action, guid, status, statusCode }: FailedDelivery) =>
  `${new Date(time).toISOString().replace(/\.\d+Z$/, "Z")}  ${action === undefined ? event : `${event}.${action}`}  ${guid}  ${statusCode} ${status}`

const say = (text: string) => process.stdout.write(`${text}\n`)

export async function reconcileGithub(args: readonly string[]): Promise<number> {
  const options = ["repo", "org", "hook", "token", "api", "since", "output"] as const
  const { positionals, values } = parseUsage(args, 1, options, ["dry-run"])
  const asJson = isJson(values.output)
  const hook = hookOf(values)
  const base = apiOf(values.api)
  // GitHub keeps deliveries for three days.
  const since = timeOf(values.since ?? "3d")
  const api = new GithubApi(base, tokenOf(values.token), (milliseconds) =>
    process.stderr.write(`GitHub's rate limit is reached: waiting ${Math.ceil(milliseconds / 1000)} s\n`),
  )
  const file = positionals[0] ?? defaultFile
  const { folder, store, mistakes } = readPlace(file)
  warnOfMistakes(file, mistakes)
  const { events, failed } = await failedDeliveries(api, hook, since)
  // Read after the list: what has been stored meanwhile need not be asked for.
  const known = failed.length === 0 ? new Set<string>() : storedDeliveries(resolve(folder, store.path))
  const missing = failed.filter(({ guid }) => !known.has(guid))
  const problems = new Map<string, string>()
  const asked = (delivery: FailedDelivery, problem: string | undefined) => {
    if (problem !== undefined) problems.set(delivery.guid, problem)
    if (!asJson)
      say(`${describe(delivery)}: ${problem === undefined ? "asked for again" : `GitHub refuses: ${problem}`}`)
  }
  if (!values["dry-run"]) await redeliver(api, hook, missing, asked)
  else if (!asJson) for (const delivery of missing) say(`${describe(delivery)}: would be asked for again`)
  const stored = failed.length - missing.length
  if (asJson) {
    const list = missing.map((delivery) => ({ ...delivery, problem: problems.get(delivery.guid) }))
    say(JSON.stringify({ events, failed: failed.length, stored, missing: list, dryRun: values["dry-run"] === true }))
  } else {
    const parts = [`${plural(events, "event")}: ${events - failed.length} delivered`, `${missing.length} missing`]
    if (stored > 0) parts.splice(1, 0, `${stored} stored although GitHub counts them as failed`)
    say(parts.join(", "))
  }
  return problems.size === 0 ? 0 : 1
}
