// Users of NATS who prove who they are by a JWT, as the tool nsc makes them: https://docs.nats.io/running-a-nats-service/configuration/securing_nats/jwt

import { createHash } from "node:crypto"
import { createAccount, createOperator, createUser, type KeyPair } from "@nats-io/nkeys"

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

function jwt(type: string, name: string, subject: KeyPair, issuer: KeyPair, claims: object): string {
  const body = { iat: Math.floor(Date.now() / 1000), iss: issuer.getPublicKey(), name, sub: subject.getPublicKey() }
  const jti = createHash("sha256").update(JSON.stringify(body)).digest("hex")
  const text = `${encoded({ typ: "JWT", alg: "ed25519-nkey" })}.${encoded({ ...body, jti, nats: { type, version: 2, ...claims } })}`
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString("base64url")}`
}

/** The configuration of a server with an operator and an account that may use JetStream, and the credentials of a user. */
export function operatorMode(): { config: string; credentials: string } {
  const [operator, system, account, user] = [createOperator(), createAccount(), createAccount(), createUser()]
  const unlimited = { subs: -1, data: -1, payload: -1 }
  const limits = { ...unlimited, conn: -1, leaf: -1, imports: -1, exports: -1, wildcards: true }
  const room = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const accounts = [
    [system, jwt("account", "SYS", system, operator, { limits })],
    [account, jwt("account", "events", account, operator, { limits: { ...limits, ...room } })],
  ] as const
  const config = `operator: ${jwt("operator", "tests", operator, operator, { system_account: system.getPublicKey() })}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${accounts.map(([keys, text]) => `${keys.getPublicKey()}: ${text}`).join(", ")} }`
  const credentials = `-----BEGIN NATS USER JWT-----
${jwt("user", "relay", user, account, unlimited)}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------
`
  return { config, credentials }
}
