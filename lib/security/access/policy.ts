// What a domain requires of its peers, and how it decides.

import { type Buffer, isUtf8 } from "node:buffer"
import { checkOptions, unexpected } from "../../base/checks.js"
import type { Certificate, KeyMaterial } from "../certificates/certificate.js"
import { CertificateStore } from "../certificates/certificate-store.js"
import { type AddressPolicy, AddressRules } from "./addresses.js"
import { PasswordFile } from "./passwords.js"
import { isMetadata, isUserId, type Mechanism } from "./zap.js"

/** The peer that a handler decides about. */
export interface Applicant {
  /** The server's ZAP domain. */
  domain: string
  /** The IP address; over ipc empty, or what the system says about the process. */
  address: string
  /** How the peer authenticates. */
  mechanism: Mechanism
}

/** A peer that authenticates with CURVE. */
export interface CurveApplicant extends Applicant {
  /** Its public key, as 40 characters of Z85. The peer has proven that it owns the secret key. */
  publicKey: string
}

/** A peer that authenticates with PLAIN. */
export interface PlainApplicant extends Applicant {
  /** The user name that it claims. */
  username: string
  /** The password that it sent. */
  password: string
}

/** A peer that authenticates with GSSAPI. */
export interface GssapiApplicant extends Applicant {
  /** Its principal, which GSSAPI has verified. */
  principal: string
}

/** The user that a peer is allowed as. */
export interface Identity {
  /** The user id, 1 to 255 bytes. `receiveWithMetadata` returns it with each message. */
  userId: string
  /** Further properties, which `receiveWithMetadata` can return with each message. */
  metadata?: Record<string, string>
}

/** What a handler returns. True allows the peer with its usual user id, a string with that user id; false, null and undefined deny it. */
export type Decision = boolean | string | Identity | null | undefined

/** A function that decides about a peer. If it throws, rejects, times out or returns an invalid value, the peer is denied temporarily. */
export type Handler<A extends Applicant> = (applicant: A) => Decision | Promise<Decision>

/** What a domain requires of its peers. A mechanism that is left out is denied. */
export interface DomainPolicy {
  /** Which addresses may connect, with any mechanism. Default: every address. */
  addresses?: AddressPolicy
  /**
   * CURVE: the folder of the clients' public certificates, which is watched; a store of certificates; a list of certificates or public
   * keys; a function; or "any", which allows every key. The user id is the certificate's `name`, or the key itself.
   */
  curve?: string | CertificateStore | Iterable<Certificate | KeyMaterial | string> | Handler<CurveApplicant> | "any"
  /** PLAIN: a password file, which is watched, or a function. The user id is the user name. */
  plain?: string | PasswordFile | Handler<PlainApplicant>
  /** NULL: true allows every peer; a function can decide by the address. There is no user id. */
  null?: true | Handler<Applicant>
  /** GSSAPI: names of principals, or a function. The user id is the principal. */
  gssapi?: Iterable<string> | Handler<GssapiApplicant>
}

/** The result of a decision. `marks` tell the connection apart when a key or user is revoked. */
export type Verdict = { identity: Identity | undefined; marks: string[] } | { denied: string; temporary?: boolean }

/** The part of the credentials that audit events contain; no passwords. */
export interface Claim {
  publicKey?: string
  username?: string
  principal?: string
}

/** How revocations refer to an identity. */
export const keyMark = (publicKey: string) => `key ${publicKey}`
export const userMark = (userId: string) => `user ${userId}`

/** The user ids among such marks. Without one, a key is its own user id. */
export function userIdsOf(marks: Iterable<string>): string[] {
  const all = [...marks]
  const beginning = all.some((mark) => mark.startsWith("user ")) ? "user " : "key "
  return all.flatMap((mark) => (mark.startsWith(beginning) ? mark.slice(beginning.length) : []))
}

function identityOf(decision: Decision, usual: string | undefined): Identity | undefined | false {
  if (decision === false || decision === null || decision === undefined) return false
  if (decision === true) return usual === undefined ? undefined : { userId: usual }
  const identity = typeof decision === "string" ? { userId: decision } : decision
  const { userId, metadata: given = {} } = typeof identity === "object" ? identity : ({} as Identity)
  // A copy, because exactly what was checked must be sent.
  const metadata = typeof given === "object" && given !== null ? { ...given } : given
  if (!isUserId(userId)) {
    throw unexpected("the handler's user id", "a string of 1 to 255 bytes without NUL", userId)
  }
  if (!isMetadata(metadata)) {
    throw unexpected("the handler's metadata", "an object of strings with valid property names", metadata)
  }
  return { userId, metadata }
}

const isFunction = (value: unknown): value is (applicant: object) => Decision | Promise<Decision> =>
  typeof value === "function"

export const policyOptions = ["addresses", "curve", "plain", "null", "gssapi"]

/** A policy whose options were checked and whose files are open. */
export class Policy {
  readonly addresses: AddressRules
  readonly store: CertificateStore | undefined
  readonly passwords: PasswordFile | undefined
  /** The stores and files that this policy opened and must close. */
  readonly #own: { close(): void }[] = []
  readonly #given: DomainPolicy
  readonly #principals: Set<string> | undefined

  constructor(what: string, given: DomainPolicy) {
    checkOptions(what, given, policyOptions)
    const { addresses, curve, plain, gssapi } = given
    if (given.null !== undefined && given.null !== true && !isFunction(given.null)) {
      throw unexpected("null", "true or a function", given.null)
    }
    this.#given = given
    this.addresses = new AddressRules(addresses)
    if (typeof gssapi === "string") throw unexpected("gssapi", "a list of principals or a function", gssapi)
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
      throw unexpected("plain", "the path of a password file, a PasswordFile or a function", plain)
    }
  }

  close(): void {
    for (const source of this.#own) source.close()
  }

  /** Whether a decision calls a function or verifies a password, and not only looks something up. */
  isCostly(mechanism: Mechanism): boolean {
    const asked = this.#given[mechanism.toLowerCase() as Lowercase<Mechanism>]
    return isFunction(asked) || (mechanism === "PLAIN" && this.passwords !== undefined)
  }

  /** Decides. Rejects with whatever a handler of the program throws. The signal is aborted when the decision is no longer needed. */
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
          // Converted to a string, it would be a different password.
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
    if (!isUserId(userId) || !isMetadata(metadata)) return { denied: "the certificate's metadata is invalid" }
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
