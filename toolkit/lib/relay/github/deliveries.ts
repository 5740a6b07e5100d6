// The deliveries of a hook that GitHub counts as failed, and asking for them again. GitHub does not by itself:
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries

import { setTimeout } from "node:timers/promises"
import { z } from "zod"
import { type GithubApi, GithubError } from "./api.js"

/** A hook of a repository (`OWNER/NAME`) or an organization. */
export interface Hook {
  /** The repository, as `owner/name`. Either this or `org`. */
  repo?: string | undefined
  /** The organization. */
  org?: string | undefined
  /** The number of the webhook. */
  id: string
}

/** An attempt: https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook. */
const attemptSchema = z.object({
  id: z.string(),
  guid: z.string(),
  delivered_at: z.string(),
  status: z.string(),
  status_code: z.number(),
  event: z.string(),
  action: z.string().nullish(),
})
type Attempt = z.infer<typeof attemptSchema>

/** An event that no attempt has delivered. */
export interface FailedDelivery {
  /** The id of the delivery, which all its attempts have: `X-GitHub-Delivery`. */
  guid: string
  /** Of the last attempt. */
  id: string
  /** The name of the event, such as `push`. */
  event: string
  /** What was done, such as `opened`, for events that have an action. */
  action: string | undefined
  /** In milliseconds since 1970. */
  time: number
  /** What GitHub says of the last attempt, in words. */
  status: string
  /** The status code of the last answer. 0 if there was none. */
  statusCode: number
}

/** GitHub wants a second between requests that change something. */
const pauseMs = 1000

const pathOf = ({ repo, org, id }: Hook): string =>
  `${repo === undefined ? `orgs/${org}` : `repos/${repo}`}/hooks/${id}/deliveries`

function attemptsIn(text: string): Attempt[] {
  // Identifiers may be larger than a double holds.
  const parsed = z.array(attemptSchema).safeParse(JSON.parse(text.replace(/"id"\s*:\s*(\d+)/g, '"id":"$1"')))
  if (!parsed.success) throw new Error("GitHub's list of deliveries has another form than expected. Check --api")
  return parsed.data
}

/** All attempts since a time, the newest first. */
async function attemptsSince(api: GithubApi, hook: Hook, since: number): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  for (let page: string | undefined = `${pathOf(hook)}?per_page=100`; page !== undefined; ) {
    const { text, next } = await api.send("GET", page)
    const some = attemptsIn(text)
    const recent = some.filter(({ delivered_at: at }) => Date.parse(at) >= since)
    attempts.push(...recent)
    page = recent.length < some.length ? undefined : next
  }
  return attempts
}

/** The events since a time, and which of them no attempt has delivered. */
export async function failedDeliveries(
  api: GithubApi,
  hook: Hook,
  since: number,
): Promise<{ events: number; failed: FailedDelivery[] }> {
  const last = new Map<string, Attempt>()
  const delivered = new Set<string>()
  for (const attempt of await attemptsSince(api, hook, since)) {
    if (!last.has(attempt.guid)) last.set(attempt.guid, attempt)
    if (attempt.status === "OK") delivered.add(attempt.guid)
  }
  const failed = [...last.values()]
    .filter(({ guid }) => !delivered.has(guid))
    .map(({ guid, id, event, action, delivered_at: at, status, status_code: statusCode }) => ({
      guid,
      id,
      event,
      action: action ?? undefined,
      time: Date.parse(at),
      status,
      statusCode,
    }))
  // In the order in which they happened.
  return { events: last.size, failed: failed.reverse() }
}

/** Asks for deliveries again. Calls back with each, and why GitHub does not do it, if so. */
export async function redeliver(
  api: GithubApi,
  hook: Hook,
  deliveries: readonly FailedDelivery[],
  asked: (delivery: FailedDelivery, problem: string | undefined) => void,
): Promise<void> {
  for (const [index, delivery] of deliveries.entries()) {
    if (index > 0) await setTimeout(pauseMs)
    try {
      await api.send("POST", `${pathOf(hook)}/${delivery.id}/attempts`)
      asked(delivery, undefined)
    } catch (error) {
      // This one only, such as one that is too old.
      if (!(error instanceof GithubError) || ![400, 404, 422].includes(error.status)) throw error
      asked(delivery, error.reason)
    }
  }
}
