// How servers of NATS are reached, and what is checked about that.

import { z } from "zod"
import { duration, isLoopback, oneOrMore, secret, textShapes } from "../../config/index.js"
import { tlsOptions, tlsProblem } from "../tls.js"

const expectedServer = 'Expected an address such as "tls://nats.example.com:4222" or "nats://127.0.0.1:4222"'

const server = z
  .string()
  .regex(/^(tls|nats):\/\/(\[[0-9A-Fa-f:.]+\]|[^:/@[\]\s]+)(:\d{1,5})?$/, expectedServer)
  .refine((text) => Number(/:(\d+)$/.exec(text)?.[1] ?? 4222) <= 65_535, expectedServer)
  .register(textShapes, { name: "address" })

/** The name of a stream. */
export const streamName = () =>
  z.string().regex(/^[^\s.*>/\\]{1,255}$/, "Expected the name of a stream, without blanks, dots, wildcards and slashes")

export const natsOptions = {
  servers: oneOrMore(server).describe(
    "The servers of NATS: `tls://` or `nats://`. Of several, another one is tried if one fails.",
  ),
  username: z.string().min(1).optional().describe("The user. It needs `password`."),
  password: secret().optional().describe("The password."),
  token: secret().optional().describe("A token, instead of a user."),
  nkey: secret().optional().describe("The seed of an nkey of a user (`SU…`), instead of a user."),
  credentials: secret()
    .optional()
    .describe("The credentials of a user as `nsc` writes them (a JWT and a seed), instead of a user."),
  ...tlsOptions,
  timeout: duration().prefault("10s").describe("How long connecting, and the acknowledgement of an event, may take."),
  insecure: z.boolean().prefault(false).describe("Whether `nats:` may leave this machine."),
}
const schema = z.object(natsOptions)
export type NatsConfig = z.infer<typeof schema>

const credentialsShape = /BEGIN NATS USER JWT-+\r?\n[\w.-]+\s[\s\S]*BEGIN USER NKEY SEED-+\r?\nSU[A-Z2-7]{56}\s/

/** What the schema cannot express. */
export function natsProblem(config: NatsConfig): [string[], string] | undefined {
  const { servers, username, password, token, nkey, credentials, insecure } = config
  const plain = servers.find((one) => one.startsWith("nats:"))
  if (plain !== undefined && servers.some((one) => one.startsWith("tls:")))
    return [["servers"], "Expected either tls: or nats: for all servers"]
  const far = servers.find((one) => one.startsWith("nats:") && !isLoopback(new URL(one).hostname))
  if (far !== undefined && !insecure)
    return [["servers"], `${far} goes beyond this machine, unencrypted. Use tls:, or set insecure: true`]
  const problem = tlsProblem(config, plain === undefined, "servers")
  if (problem) return problem
  if ((username === undefined) !== (password === undefined))
    return [[], "username and password belong together: one of them is missing"]
  const ways = Object.entries({ username, token, nkey, credentials }).filter(([, value]) => value !== undefined)
  if (ways.length > 1) return [[ways[1]?.[0] ?? ""], "Expected one of username, token, nkey and credentials"]
  if (nkey && !/^SU[A-Z2-7]{56}$/.test(nkey.reveal()))
    return [["nkey"], "The seed of an nkey of a user is SU and 56 characters A-Z and 2-7"]
  if (credentials && !credentialsShape.test(credentials.reveal()))
    return [["credentials"], "Expected a file with a JWT and a seed of a user, as nsc writes it"]
  return undefined
}
