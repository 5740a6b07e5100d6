// The options that say how a socket reaches its peers, of every verb that has a socket.

import { flag, list, text, value } from "../command/spec.js"
import { duration, whole } from "../command/values.js"

/** Where to, and how the socket is set up. */
export const connectionOptions = {
  bind: flag("Bind endpoints that do not begin with @ or >, instead of connecting to them."),
  profile: text(
    "NAME",
    "Use a saved profile; the same as @NAME instead of an endpoint. Default: the environment variable OHMQ_PROFILE.",
  ),
  linger: value("DURATION", "How long to go on delivering what is queued at the end. Default 30s.", duration),
  hwm: value(
    "N",
    "How many messages may wait in each queue (the high-water mark); 0 is no limit. Default 1000.",
    whole,
  ),
  option: list(
    text(
      "NAME=VALUE",
      "Set any socket option by its name in docs/options.md, such as tcpKeepalive=1. Can be repeated.",
    ),
  ),
}

/** Encryption and authentication. */
export const securityOptions = {
  cert: text("FILE", "This side's certificate with its secret key, made by: ohmq keys certificate.", { isFile: true }),
  "server-cert": text(
    "FILE",
    "A client's: the server's public certificate, or its public key as 40 characters of Z85.",
    {
      isFile: true,
    },
  ),
  server: flag("Be the CURVE server. Needs --cert and --clients."),
  clients: text(
    "DIR|any",
    "A server's: the folder with the public certificates of the clients that may connect, or any.",
    { isFile: true },
  ),
  plain: text(
    "USER:SECRET",
    "User name and password (PLAIN, unencrypted, so only over ipc). SECRET is env:NAME or file:PATH.",
  ),
  passwords: text("FILE", "A PLAIN server's: the password file, made by: ohmq keys password.", { isFile: true }),
}

export const connectionGroup = { title: "Connection", options: connectionOptions } as const
export const securityGroup = { title: "Security", options: securityOptions } as const

type ValueOf<O> = {
  readonly [Name in keyof O]?: O[Name] extends { readonly type?: infer T } ? Exclude<T, undefined> : never
}

/** The values of both groups. */
export type ConnectionValues = ValueOf<typeof connectionOptions & typeof securityOptions>
