// Reads `actions`.

import process from "node:process"
import { type ConfigDocument, checkPart, isMap, resolveSecrets, suggestion } from "../../config/index.js"
import { fingerprintOf, namePattern } from "../../relay/configuration/configuration.js"
import type { Action, Body } from "../actions/action.js"
import { actionKinds } from "../actions/registry.js"
import { Parameter, type ParameterOptions, parameterSchemas, parameterTypes } from "../parameters/parameter.js"
import { actionSchema, undoSchema } from "./schema.js"

type Options = Readonly<Record<string, unknown>>

/** Those of `options` that a schema of common options has, and the rest. */
function split(options: Options, common: readonly string[]): [common: Options, rest: Options] {
  const isCommon = ([name]: [string, unknown]) => common.includes(name)
  const entries = Object.entries(options)
  return [Object.fromEntries(entries.filter(isCommon)), Object.fromEntries(entries.filter((one) => !isCommon(one)))]
}

/** Checks actions, and reports what is wrong. */
export class ActionReader {
  readonly #document: ConfigDocument
  readonly #folder: string
  readonly #needsSecrets: boolean

  constructor(document: ConfigDocument, folder: string, needsSecrets: boolean) {
    this.#document = document
    this.#folder = folder
    this.#needsSecrets = needsSecrets
  }

  /** Those without mistakes. */
  actions(value: Options): Map<string, Action> {
    const actions = new Map<string, Action>()
    for (const [name, raw] of Object.entries(value)) {
      const path = ["actions", name]
      if (!namePattern.test(name))
        this.#document.report(path, "A name has letters, digits, - and _, and begins with a letter", true)
      if (!isMap(raw)) {
        this.#document.report(path, "Expected a map of options with a type")
        continue
      }
      const action = this.#action(name, raw, path)
      if (action !== undefined) actions.set(name, action)
    }
    return actions
  }

  #action(name: string, raw: Options, path: PropertyKey[]): Action | undefined {
    const { type, ...options } = raw
    const [ours, rest] = split(options, Object.keys(actionSchema.shape))
    const common = checkPart(this.#document, actionSchema, ours, path)
    if (common === undefined) return undefined
    const { parameters: rawParameters, undo: rawUndo, timeout, concurrency, idempotent } = common
    const before = this.#document.mistakes.length
    const parameters = this.#parameters(rawParameters, [...path, "parameters"])
    if (this.#document.mistakes.length > before) return undefined
    const body = this.#body(type, rest, timeout, parameters, path)
    let undo: Body | undefined
    if (rawUndo !== undefined) {
      const { type: undoType = type, ...undoOptions } = rawUndo
      const [undoOurs, undoRest] = split(undoOptions, Object.keys(undoSchema.shape))
      const undoPath = [...path, "undo"]
      const undoCommon = checkPart(this.#document, undoSchema, undoOurs, undoPath)
      undo = undoCommon && this.#body(undoType, undoRest, undoCommon.timeout, parameters, undoPath)
    }
    if (body === undefined || (rawUndo !== undefined && undo === undefined)) return undefined
    const fingerprint = fingerprintOf([type, body.config, undo?.type, undo?.config])
    return { name, parameters, concurrency, isIdempotent: idempotent, body, undo, fingerprint }
  }

  #parameters(value: Options, path: PropertyKey[]): Map<string, Parameter> {
    const parameters = new Map<string, Parameter>()
    for (const [name, raw] of Object.entries(value)) {
      const place = [...path, name]
      if (!namePattern.test(name))
        this.#document.report(place, "A name has letters, digits, - and _, and begins with a letter", true)
      const type = typeof raw === "string" ? raw : isMap(raw) ? raw.type : undefined
      const schema =
        typeof type === "string" && Object.hasOwn(parameterSchemas, type) ? parameterSchemas[type] : undefined
      if (schema === undefined) {
        const message =
          type === undefined
            ? `Expected a type, or a map with one: ${parameterTypes.join(", ")}`
            : `Unknown type "${String(type)}".${suggestion(String(type), parameterTypes)}`
        this.#document.report(isMap(raw) && type !== undefined ? [...place, "type"] : place, message)
        continue
      }
      const options = checkPart(this.#document, schema, typeof raw === "string" ? { type } : raw, place)
      if (options === undefined) continue
      try {
        parameters.set(name, new Parameter(options as ParameterOptions))
      } catch (error) {
        this.#document.report([...place, "pattern"], (error as Error).message)
      }
    }
    return parameters
  }

  #body(
    type: unknown,
    options: Options,
    timeout: number,
    parameters: ReadonlyMap<string, Parameter>,
    path: PropertyKey[],
  ): Body | undefined {
    const names = Object.keys(actionKinds)
    const kind = typeof type === "string" && Object.hasOwn(actionKinds, type) ? actionKinds[type] : undefined
    if (kind === undefined) {
      const message =
        type === undefined
          ? `It has no type. Expected one of ${names.join(", ")}`
          : `Unknown type "${String(type)}".${suggestion(String(type), names)}`
      this.#document.report(type === undefined ? path : [...path, "type"], message)
      return undefined
    }
    const before = this.#document.mistakes.length
    const config = checkPart(this.#document, kind.schema, options, path)
    if (config === undefined) return undefined
    if (this.#needsSecrets)
      resolveSecrets(config, { folder: this.#folder, env: process.env }, (inner, message) =>
        this.#document.report([...path, ...inner], message),
      )
    if (this.#document.mistakes.length > before) return undefined
    const problem = kind.check?.(config, parameters, this.#needsSecrets)
    if (problem !== undefined) {
      this.#document.report([...path, ...problem[0]], problem[1])
      return undefined
    }
    return { type: String(type), kind, config, timeout }
  }
}
