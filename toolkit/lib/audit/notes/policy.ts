// Which logs and witnesses are trusted: https://c2sp.org/tlog-policy.

import { AuditError } from "../error.js"
import { VerifierKey } from "./keys.js"
import type { VerifiedSignature } from "./note.js"

/** A log or a witness. */
export interface Party {
  key: VerifierKey
  url: string | undefined
}

/** Whether the witnesses of these signatures are enough. */
type Rule = (signed: (key: VerifierKey) => boolean) => boolean

/** A policy. */
export interface Policy {
  readonly logs: readonly Party[]
  readonly witnesses: readonly Party[]
  /** Whether a checkpoint with these signatures, which were verified, is valid. */
  isMet(signatures: readonly VerifiedSignature[]): boolean
  /** The line that says what is needed. */
  readonly quorum: string
}

const MAX_LINES = 1000

/**
 * Reads a policy.
 *
 * @param file What errors name it by.
 * @throws AuditError `INVALID`, with the line.
 */
export function parsePolicy(text: string, file = "the policy"): Policy {
  const lines = text.split("\n")
  if (lines.length > MAX_LINES) throw new AuditError("INVALID", `${file} has more than ${MAX_LINES} lines`)
  const logs: Party[] = []
  const witnesses: Party[] = []
  const rules = new Map<string, Rule>([["none", () => true]])
  const members = new Set<string>(["none"])
  let quorum: { rule: Rule; line: string } | undefined

  const party = (list: Party[], use: "log" | "witness", text: string, url: string | undefined) => {
    const key = VerifierKey.parse(text)
    if (key.use !== use) throw new Error(`the key of ${key.name} is that of a ${key.use}. Expected the key of a ${use}`)
    if (list.some((other) => other.key.equals(key))) throw new Error(`the key of ${key.name} is there twice`)
    if (url !== undefined && !/^https?:\/\/\S+$/.test(url)) throw new Error(`expected a URL, but received "${url}"`)
    list.push({ key, url })
    return key
  }
  const define = (name: string, rule: Rule) => {
    if (rules.has(name)) throw new Error(`the name "${name}" is there twice`)
    rules.set(name, rule)
  }
  const find = (name: string): Rule => {
    const rule = rules.get(name)
    if (rule === undefined) throw new Error(`the name "${name}" is not defined on a line before`)
    return rule
  }
  const group = (name: string, count: string, names: readonly string[]) => {
    const needed =
      count === "all" ? names.length : count === "any" ? 1 : /^[1-9]\d{0,3}$/.test(count) ? Number(count) : 0
    if (names.length === 0) throw new Error("expected at least one member")
    if (needed < 1 || needed > names.length)
      throw new Error(`expected "all", "any" or a number from 1 to ${names.length}, but received "${count}"`)
    const all = names.map((member) => {
      const rule = find(member)
      if (members.has(member))
        throw new Error(`"${member}" cannot be a member here: each name is a member once at most`)
      members.add(member)
      return rule
    })
    define(name, (signed) => all.filter((rule) => rule(signed)).length >= needed)
  }
  const read = (words: readonly string[], line: string) => {
    const [word, first, second, ...rest] = words
    if (word === "log" && first !== undefined && rest.length === 0) party(logs, "log", first, second)
    else if (word === "witness" && first !== undefined && second !== undefined && rest.length <= 1) {
      const key = party(witnesses, "witness", second, rest[0])
      define(first, (signed) => signed(key))
    } else if (word === "group" && first !== undefined && second !== undefined) group(first, second, rest)
    else if (word === "quorum" && first !== undefined && second === undefined) {
      if (quorum !== undefined) throw new Error("there is more than one quorum")
      quorum = { rule: find(first), line }
    } else
      throw new Error(
        'expected "log VKEY [URL]", "witness NAME VKEY [URL]", "group NAME all|any|NUMBER NAME..." or "quorum NAME"',
      )
  }

  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/^[ \t]+|[ \t]+$/g, "")
    if (line === "" || line.startsWith("#")) continue
    try {
      read(line.split(/[ \t]+/), line)
    } catch (error) {
      throw new AuditError("INVALID", `${file}, line ${index + 1}: ${(error as Error).message}`, error)
    }
  }
  if (quorum === undefined) throw new AuditError("INVALID", `${file} has no quorum. Add a line such as "quorum none"`)
  const { rule, line } = quorum
  return {
    logs,
    witnesses,
    quorum: line,
    isMet: (signatures) => rule((key) => signatures.some((signature) => signature.key.equals(key))),
  }
}
