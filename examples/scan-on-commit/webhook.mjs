// A webhook as GitHub sends it: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push

import { createHmac, randomUUID } from "node:crypto"

export const sign = (secret, body) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`

/** Sends a delivery. Without an answer in time it is sent again with the same id, so that it is stored once. */
export async function deliver(url, event, body, signature) {
  const headers = {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": randomUUID(),
    "x-hub-signature-256": signature,
  }
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout(10_000) })
      const answer = { status: response.status, text: (await response.text()).trim() }
      if (answer.status < 500 || attempt === 3) return answer
    } catch (error) {
      if (attempt === 3) throw error
    }
  }
}
