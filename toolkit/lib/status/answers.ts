// What the page answers to a request, and the headers that all answers have.

import type { Buffer } from "node:buffer"
import type { IncomingHttpHeaders, ServerResponse } from "node:http"

export interface SiteRequest {
  readonly method: string
  /** The path and the query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface SiteAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
  /** Gets the response, with its headers sent, instead of the body. */
  readonly stream?: (response: ServerResponse) => void
}

/** Nothing from elsewhere, nothing inline. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const commonHeaders = {
  "content-security-policy": policy,
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
}

/** An answer: HTML, unless the headers say otherwise. */
export function answer(
  status: number,
  body: SiteAnswer["body"],
  headers: Readonly<Record<string, string>> = {},
): SiteAnswer {
  return { status, body, headers: { ...commonHeaders, "content-type": "text/html; charset=utf-8", ...headers } }
}

/** Leads to another page, which is then asked for by GET. */
export const redirect = (location: string, headers: Readonly<Record<string, string>> = {}): SiteAnswer =>
  answer(303, "", { location, ...headers })
