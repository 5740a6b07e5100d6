// A small scanner: requests a page, and prints what is wrong with its headers as a SARIF log. Usage: node check-headers.mjs URL

import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"

const rules = {
  "missing-csp": "The page has no Content-Security-Policy",
  "missing-nosniff": "The page has no X-Content-Type-Options: nosniff",
  "product-version": "The header X-Powered-By tells the product and its version",
  "open-cors": "Every site may read the answer: Access-Control-Allow-Origin is *",
  "weak-cookie": "A cookie has no HttpOnly, or no SameSite",
}

function check(headers) {
  const found = []
  if (!headers.has("content-security-policy")) found.push("missing-csp")
  if (headers.get("x-content-type-options") !== "nosniff") found.push("missing-nosniff")
  if (headers.has("x-powered-by")) found.push("product-version")
  if (headers.get("access-control-allow-origin") === "*") found.push("open-cors")
  if (headers.getSetCookie().some((cookie) => !/httponly/i.test(cookie) || !/samesite/i.test(cookie)))
    found.push("weak-cookie")
  return found
}

const url = new URL(process.argv[2])
// A scanner must not get in the way of those who use the application.
await wait(500)
const { headers, status } = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(10_000) })
if (status !== 200) throw new Error(`${url} answers ${status}`)
const log = {
  $schema: "https://json.schemastore.org/sarif-2.1.0.json",
  version: "2.1.0",
  runs: [
    {
      tool: {
        driver: {
          name: "check-headers",
          rules: Object.entries(rules).map(([id, text]) => ({ id, shortDescription: { text } })),
        },
      },
      results: check(headers).map((ruleId) => ({
        ruleId,
        level: "warning",
        message: { text: rules[ruleId] },
        locations: [{ physicalLocation: { artifactLocation: { uri: url.href } } }],
      })),
    },
  ],
}
console.log(JSON.stringify(log))
