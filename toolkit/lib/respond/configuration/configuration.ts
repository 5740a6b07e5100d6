// The configuration of a responder: read and checked as a whole.

import type { z } from "zod"
import { type ConfigDocument, checkPart, isMap, readText, WrittenConfig } from "../../config/index.js"
import type { SourceKind } from "../../relay/components.js"
import type { Component, ReadOptions } from "../../relay/configuration/configuration.js"
import { ConfigReader, fingerprintOf } from "../../relay/configuration/configuration.js"
import { sourceKinds } from "../../relay/configuration/registry.js"
import { checkHttp } from "../../relay/http/options.js"
import type { Action } from "../actions/action.js"
import type { Rule } from "../decisions/rule.js"
import { Protection } from "../parameters/networks.js"
import { ActionReader } from "./action-reader.js"
import { RuleReader } from "./rule-reader.js"
import { ruleSchema, schema } from "./schema.js"

type Top = z.infer<typeof schema>

/** A configuration that was checked. */
export interface RespondConfig extends Pick<Top, "store" | "audit" | "control" | "http" | "people" | "protect"> {
  /** The file that it was read from. */
  readonly file: string
  /** The folder of that file, which paths are relative to. */
  readonly folder: string
  /** The sources of alerts, in the order of the file. */
  readonly sources: Component<SourceKind>[]
  /** The actions, by name. */
  readonly actions: ReadonlyMap<string, Action>
  /** The rules, in the order of the file. */
  readonly rules: readonly Rule[]
  /** The addresses that no action may touch. */
  readonly protection: Protection
  /** Of what only a restart can change. */
  readonly fingerprint: string
}

/** Why a configuration cannot be read, and what to do. */
const unreadable: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file. Write one with: ohmq respond init",
  EISDIR: "It is a folder. Name the file in it, such as rules.yaml",
  EACCES: "This user may not read the file. Change its owner or mode",
}

/**
 * The text of a configuration.
 *
 * @throws {@link ConfigError} if it cannot be read
 */
export const readRulesText = (file: string): string => readText(file, unreadable)

/**
 * Reads and checks a configuration: options, names, expressions, secrets. The network is not used.
 *
 * @throws {@link ConfigError} with all mistakes
 */
export function readRules(file: string, options: ReadOptions = {}): RespondConfig {
  return parseRules(readRulesText(file), file, options)
}

/** Checks the text of a configuration. See {@link readRules}. */
export function parseRules(text: string, file: string, { needsSecrets = true }: ReadOptions = {}): RespondConfig {
  const written = new WrittenConfig(text, file, "version, store, audit, sources, actions and rules")
  const { document, folder, value } = written
  const top = checkPart(document, schema, value)
  // What can be checked is, even if something else is wrong.
  const components = new ConfigReader(document, folder, written.http, needsSecrets)
  const sources = components.components("sources", written.part("sources"), sourceKinds)
  const actions = new ActionReader(document, folder, needsSecrets).actions(written.part("actions"))
  const given = top?.rules ?? ruleSchema.array().safeParse(value.rules).data ?? []
  const rules = new RuleReader(document, {
    sources: Object.keys(written.part("sources")),
    actions,
    knownActions: Object.keys(written.part("actions")),
    people: [...new Set([...Object.keys(written.part("people")), ...pageNames(value.http)])],
    isDryRun: value.dryRun === true,
  }).rules(given)
  if (top?.http) checkHttp(document, top.http, needsSecrets ? folder : undefined)
  const protection = protectionOf(document, top?.protect ?? [])
  const uids = new Map<number, string>()
  for (const [name, { uid }] of Object.entries(top?.people ?? {})) {
    const other = uids.get(uid)
    if (other !== undefined)
      document.report(["people", name, "uid"], `${other} has this user id already: two people are two users`)
    uids.set(uid, name)
  }
  if (top === undefined || document.mistakes.length > 0) throw written.failure()
  const { store, audit, control, people, protect } = top
  const fingerprint = needsSecrets ? fingerprintOf([store, top.http, audit, control, uids.size > 0]) : ""
  return {
    file,
    folder,
    store,
    audit,
    control,
    http: top.http,
    people,
    protect,
    sources,
    actions,
    rules,
    protection,
    fingerprint,
  }
}

/** The names of those who have tokens for the page. */
const pageNames = (http: unknown): string[] => (isMap(http) && isMap(http.people) ? Object.keys(http.people) : [])

function protectionOf(document: ConfigDocument, texts: readonly string[]): Protection {
  const good = texts.filter((text, index) => {
    try {
      return new Protection([text])
    } catch (error) {
      document.report(["protect", index], (error as Error).message)
      return false
    }
  })
  return new Protection(good)
}
