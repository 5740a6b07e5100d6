// How the probe finds weaknesses: by what a page answers, and by what it answers to parameters that no user sends.

import { randomBytes } from "node:crypto"

const isHtml = ({ headers }) => (headers.get("content-type") ?? "").startsWith("text/html")
const stack = /^\s+at .+:\d+:\d+\)?$/m

/**
 * What is wrong with the answer to a plain request. A weakness has the rule, the path that it is about, and the parameter if there is one. The
 * same weakness seen on another page is the same weakness: a cookie is one wherever it is set.
 */
export function* weaknessesOf(answer, path) {
  const { headers } = answer
  if (isHtml(answer) && !headers.has("content-security-policy")) yield { rule: "missing-csp", path }
  if (headers.get("x-content-type-options") !== "nosniff") yield { rule: "missing-nosniff", path }
  if (headers.has("x-powered-by")) yield { rule: "product-version", path }
  for (const cookie of headers.getSetCookie()) {
    if (/;\s*httponly/i.test(cookie) && /;\s*samesite/i.test(cookie)) continue
    const scope = /;\s*path=([^;]+)/i.exec(cookie)?.[1] ?? path
    yield { rule: "weak-cookie", path: scope, parameter: cookie.slice(0, cookie.indexOf("=")) }
  }
}

/** Whether every site may read what the user sees: it is asked from one that cannot exist. */
export async function allowsAnyOrigin(ask) {
  const origin = "https://probe.invalid"
  const { headers } = await ask({}, { origin })
  return (
    headers.get("access-control-allow-origin") === origin && headers.get("access-control-allow-credentials") === "true"
  )
}

/**
 * The rules that a parameter breaks.
 *
 * @param {(changes: Record<string, string>) => Promise<object>} ask Asks for the page with other parameters.
 */
export async function* brokenBy(ask, name, value) {
  const mark = `x${randomBytes(4).toString("hex")}`
  const marked = await ask({ [name]: `'"><${mark}>` })
  if (isHtml(marked) && marked.body.includes(`<${mark}>`)) yield "cross-site-scripting"

  const quoted = await ask({ [name]: `${value}'` })
  // Doubled, a quote is a part of the text: if only the single one is an error, it ends a text.
  const doubled = await ask({ [name]: `${value}''` })
  if (quoted.status >= 500 && doubled.status < 500) yield "sql-injection"
  if ([marked, quoted, doubled].some(({ body }) => stack.test(body))) yield "stack-trace"

  const outside = await ask({ [name]: "../../../../../../etc/passwd" })
  if (/^root:[^:]*:0:0:/m.test(outside.body)) yield "path-traversal"

  const away = await ask({ [name]: "https://probe.invalid/" })
  if (away.status >= 300 && away.status < 400 && away.headers.get("location") === "https://probe.invalid/")
    yield "open-redirect"
}
