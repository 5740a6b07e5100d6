// Senders that have no preset: those that sign the body (`hmac`), and those that send a secret in clear (`token`).

import type { HttpRequest } from "../../../http/paths.js"
import type { Config } from "../options.js"
import { type Drafts, denied, headerOf, isName, type PresetOf, verifyHmac, verifyToken } from "./preset.js"

function read(request: HttpRequest, { idHeader, eventType }: Config): Drafts | ReturnType<typeof denied> {
  const delivery = idHeader === undefined ? undefined : headerOf(request, idHeader.toLowerCase())
  if (idHeader !== undefined && !isName(delivery)) return denied("headers", `${idHeader} is missing or invalid`, 400)
  return { events: [{ type: eventType, delivery }] }
}

/** A signature in a header over the raw body, as many senders have it. */
export const hmac: PresetOf = (config) => ({
  isJson: false,
  verify: (request) => {
    const { header = "X-Signature-256", prefix, encoding } = config
    return verifyHmac(request, config, { header, prefix, encodings: [encoding] })
  },
  read: (request) => read(request, config),
})

/** A bearer token, the password of basic authentication, or the value of a header. */
export const token: PresetOf = (config) => ({
  isJson: false,
  verify: (request) => verifyToken(request, config, config.header),
  read: (request) => read(request, config),
})
