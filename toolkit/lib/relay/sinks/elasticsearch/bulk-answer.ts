// What the answer to a bulk request says: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk. 200 does not mean that
// anything was indexed: each item has a status of its own.

import type { Outcome, Retry } from "../../components.js"
import type { Answer } from "../../http/client.js"

interface Item {
  status?: unknown
  error?: { type?: unknown; reason?: unknown }
}

/** The outcomes of all items; or `split`: the request was too large; or why nothing was taken. */
export type Verdict = readonly Outcome[] | "split" | Retry

/** About the index or the user, and not about a document. */
const heldTypes = new Set([
  "security_exception",
  "index_not_found_exception",
  "cluster_block_exception",
  "index_closed_exception",
  "invalid_index_name_exception",
])

function outcomeOf(item: Item | undefined): Outcome {
  const status = typeof item?.status === "number" ? item.status : 0
  // 409: a document with this id is there. It was sent before.
  if ((status >= 200 && status < 300) || status === 409) return "done"
  const type = typeof item?.error?.type === "string" ? item.error.type : "unknown error"
  const said = typeof item?.error?.reason === "string" ? `: ${item.error.reason.slice(0, 500)}` : ""
  const reason = `Elasticsearch answered ${status}, ${type}${said}`
  if (heldTypes.has(type) || status === 401 || status === 403 || status === 404) return { retry: reason, isHeld: true }
  if (status === 429 || status >= 500 || status === 0) return { retry: reason }
  return { refused: reason }
}

function itemsIn(text: string): Item[] | undefined {
  try {
    const { items } = JSON.parse(text) as { items?: unknown }
    if (!Array.isArray(items)) return undefined
    return items.map((item) => Object.values(item as object)[0] as Item)
  } catch {
    return undefined
  }
}

/** Reads the answer to a request with a number of documents. */
export function readAnswer({ status, text, retryAfter }: Answer, count: number): Verdict {
  if (status === 200) {
    const items = itemsIn(text)
    // Not an answer of Elasticsearch, but perhaps of a proxy.
    if (items?.length !== count)
      return { retry: `The answer 200 has not an item for each event: ${text.slice(0, 200)}` }
    return items.map(outcomeOf)
  }
  if (status === 413) return "split"
  const reason = `Elasticsearch answered ${status}: ${text.slice(0, 500).trim()}`
  if (status === 400) return count > 1 ? "split" : [{ refused: reason }]
  const isHeld = status >= 400 && status < 500 && status !== 408 && status !== 429
  return { retry: reason, ...(isHeld && { isHeld }), ...(retryAfter !== undefined && { afterMs: retryAfter }) }
}
