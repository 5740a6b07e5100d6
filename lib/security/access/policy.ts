// What a domain asks of its peers, and how that is decided.

import { type Buffer, isUtf8 } from "node:buffer"
import type { Certificate, KeyMaterial } from "../certificates/certificate.js"
import { CertificateStore } from "../certificates/certificate-store.js"
import { checkOptions } from "../check-options.js"
import { type AddressPolicy, AddressRules } from "./addresses.js"
import { PasswordFile } from "./passwords.js"
import { isMetadata, isUserId, type Mechanism } from "./zap.js"

/** Who asks to be let in. */
export interface Applicant {
  domain: string
  /** The IP address; empty or a name of the system's over ipc. */
  address: string
  mechanism: Mechanism
}

/** Who is let in. */
export interface Identity {
  /** What `userId` of `receiveWithMetadata` tells of each message: 1 to 255 bytes. */
  userId: string
  /** What `properties` can tell of each message. */
  metadata?: Record<string, string>
}

/** True: yes, under the usual user id. Text: yes, as that user. False, null or undefined: no. */
export type Decision = boolean | string | Identity | null | undefined

type Decide<A extends object> = (applicant: Applicant & A) => Decision | Promise<Decision>

/** What is asked of the peers of a domain. A mechanism that is not named lets nobody in. */
export interface DomainPolicy {
  /** Which addresses may connect, whatever the mechanism. */
  addresses?: AddressPolicy
  /**
   * CURVE: the folder of the clients' public certificates, which is watched; a store of them; a list of them or of public
   * keys; a function; or "any" key. The user is the certificate's `name`, or the key itself.
   */
  curve?:
    | string
    | CertificateStore
    | Iterable<Certificate | KeyMaterial | string>
    | Decide<{ publicKey: string }>
    | "any"
  /** PLAIN: a password file, which is watched, or a function. The user is the user name. */
  plain?: string | PasswordFile | Decide<{ username: string; password: string }>
  /** NULL: whoever comes, or a function that looks at the address. There is no user. */
  null?: true | Decide<object>
  /** GSSAPI: names of principals, or a function. The user is the principal. */
  gssapi?: Iterable<string> | Decide<{ principal: string }>
}

/** What a mechanism of a domain came to. */
export type Verdict =
  | { identity: Identity | undefined /** Tells it apart when it is revoked. */; marks: string[] }
  | { denied: string; temporary?: boolean }

/** What is told of credentials in audit events; no passwords. */
export interface Claim {
  publicKey?: string
  username?: string
  principal?: string
}

/** How an identity is called among connections. */
export const keyMark = (publicKey: string) => `key ${publicKey}`
export const userMark = (userId: string) => `user ${userId}`

function identityOf(decision: Decision, usual: string | undefined): Identity | undefined | false {
  if (decision === false || decision === null || decision === undefined) return false
  if (decision === true) return usual === undefined ? undefined : { userId: usual }
  const identity = typeof decision === "string" ? { userId: decision } : decision
  const { userId, metadata: given = {} } = typeof identity === "object" ? identity : ({} as Identity)
  // A copy, since what was checked is what must be sent.
  const metadata = typeof given === "object" && given !== null ? { ...given } : given
  if (!isUserId(userId)) throw new TypeError("The handler's user id is not text of 1 to 255 bytes without NUL")
  if (!isMetadata(metadata)) throw new TypeError("The handler's metadata is not an object of names and short texts")
  return { userId, metadata }
}

const isFunction = (value: unknown): value is (applicant: object) => Decision | Promise<Decision> =>
  typeof value === "function"

export const policyOptions = ["addresses", "curve", "plain", "null", "gssapi"]

/** A policy, made ready. */
export class Policy {
  readonly addresses: AddressRules
  readonly store: CertificateStore | undefined
  readonly passwords: PasswordFile | undefined
  /** Made here, and so closed here. */
  readonly #own: { close(): void }[] = []
  readonly #given: DomainPolicy
  readonly #principals: Set<string> | undefined

  constructor(what: string, given: DomainPolicy) {
    checkOptions(what, given, policyOptions)
    const { addresses, curve, plain, gssapi } = given
    if (given.null !== undefined && given.null !== true && !isFunction(given.null)) {
      throw new TypeError("Expected null to be true or a function")
    }
    this.#given = given
    this.addresses = new AddressRules(addresses)
    if (typeof gssapi === "string") throw new TypeError("Expected gssapi to be a list of principals or a function")
    if (gssapi !== undefined && !isFunction(gssapi)) this.#principals = new Set(gssapi as Iterable<string>)
    if (curve instanceof CertificateStore) this.store = curve
    else if (curve !== undefined && curve !== "any" && !isFunction(curve)) {
      this.store =
        typeof curve === "string" ? CertificateStore.open(curve) : new CertificateStore(curve as Iterable<KeyMaterial>)
      this.#own.push(this.store)
    }
    if (plain instanceof PasswordFile) this.passwords = plain
    else if (typeof plain === "string") {
      this.passwords = new PasswordFile(plain)
      this.#own.push(this.passwords)
    } else if (plain !== undefined && !isFunction(plain)) {
      throw new TypeError("Expected plain to be a password file or a function")
    }
  }

  close(): void {
    for (const source of this.#own) source.close()
  }

  /** Whether a function or a password file is asked, and not only something looked up. */
  isCostly(mechanism: Mechanism): boolean {
    const asked = this.#given[mechanism.toLowerCase() as Lowercase<Mechanism>]
    return isFunction(asked) || (mechanism === "PLAIN" && this.passwords !== undefined)
  }

  /** Decides. What the program's functions throw comes out of here. The signal comes when nobody waits for the answer any more. */
  async decide(applicant: Applicant, claim: Claim, password: Buffer, signal: AbortSignal): Promise<Verdict> {
    const { curve, plain, gssapi } = this.#given
    const { publicKey = "", username = "", principal = "" } = claim
    switch (applicant.mechanism) {
      case "CURVE":
        if (this.store !== undefined) return this.#byCertificate(publicKey)
        if (isFunction(curve)) return this.#ask(curve, { ...applicant, publicKey }, publicKey, [keyMark(publicKey)])
        if (curve === "any") return { identity: { userId: publicKey }, marks: [keyMark(publicKey)] }
        break
      case "PLAIN":
        if (!isUserId(username)) return { denied: "wrong user name or password" }
        if (isFunction(plain)) {
          // As text it would be another one.
          if (!isUtf8(password)) return { denied: "the password is not UTF-8" }
          return this.#ask(plain, { ...applicant, username, password: password.toString() }, username, [])
        }
        if (this.passwords !== undefined) {
          const known = await this.passwords.verify(username, password, { signal })
          return known ? accepted({ userId: username }, []) : { denied: "wrong user name or password" }
        }
        break
      case "NULL":
        if (isFunction(this.#given.null)) return this.#ask(this.#given.null, applicant, undefined, [])
        if (this.#given.null === true) return { identity: undefined, marks: [] }
        break
      case "GSSAPI":
        if (isFunction(gssapi)) return this.#ask(gssapi, { ...applicant, principal }, principal, [])
        if (this.#principals?.has(principal)) return accepted({ userId: principal }, [])
        if (this.#principals !== undefined) return { denied: "unknown principal" }
    }
    return { denied: `${applicant.mechanism} is not allowed in this domain` }
  }

  async #byCertificate(publicKey: string): Promise<Verdict> {
    const certificate = await this.store?.find(publicKey)
    if (certificate === undefined) return { denied: "unknown key" }
    const { metadata } = certificate
    const userId = metadata.name ?? publicKey
    if (!isUserId(userId) || !isMetadata(metadata)) return { denied: "the certificate's metadata cannot be used" }
    return accepted({ userId, metadata }, [keyMark(publicKey)])
  }

  async #ask(
    handler: (applicant: object) => Decision | Promise<Decision>,
    applicant: object,
    usual: string | undefined,
    marks: string[],
  ): Promise<Verdict> {
    const identity = identityOf(await handler(applicant), usual)
    if (identity === false) return { denied: "refused by the handler" }
    return identity === undefined ? { identity, marks } : accepted(identity, marks)
  }
}

const accepted = (identity: Identity, marks: string[]): Verdict => ({
  identity,
  marks: [...marks, userMark(identity.userId)],
})
