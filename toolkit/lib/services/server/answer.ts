// What a handler answers, as messages.

import { decodeBody, encodeBody } from "../content.js"
import { fit } from "../contract.js"
import { encodeReply, encodeShort } from "../protocol.js"
import { ServiceError } from "../service-error.js"
import type { Call } from "./call.js"
import type { Service } from "./service.js"

type Send = (...frames: Uint8Array[]) => void

/** Sends a value, unless nobody waits for it any more. Throws if it is too large, or cannot be sent. */
function say(call: Call, kind: "reply" | "item", value: unknown, maxBodyBytes: number, send: Send): void {
  if (call.isOver) return
  const { content, body } = encodeBody(value)
  if (body.length > maxBodyBytes)
    throw new ServiceError(
      "TOO_LARGE",
      `The reply of "${call.service}" has ${body.length} bytes, and the caller takes ${maxBodyBytes}`,
    )
  send(encodeReply(kind, call.request.id, content), body)
}

/** Asks the handler, and sends what it answers. Rejects with what it throws. */
export async function answer(service: Service, call: Call, maxBodyBytes: number, send: Send): Promise<void> {
  const { handler, input, output, name } = service
  const { content, body, credit, id } = call.request
  const checked = (value: unknown) => (output ? fit(output, value, "INVALID_OUTPUT", name) : value)
  let value = decodeBody(content, body)
  if (input) value = await fit(input, value, "INVALID_INPUT", name)
  const result = await handler(value, call)
  if (!isAsyncIterable(result)) {
    say(call, "reply", await checked(result), maxBodyBytes, send)
    return
  }
  const items = result[Symbol.asyncIterator]()
  try {
    if (credit === 0) throw new ServiceError("STREAMED", `"${name}" answers with a stream. Ask it with stream()`)
    while (await call.spendCredit()) {
      const next = await items.next()
      if (next.done === true) {
        if (!call.isOver) send(encodeShort("end", id))
        return
      }
      say(call, "item", await checked(next.value), maxBodyBytes, send)
    }
  } finally {
    await items.return?.()
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value
