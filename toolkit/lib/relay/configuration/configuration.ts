// The configuration of a relay.

import { createHash } from "node:crypto"
import process from "node:process"
import { z } from "zod"
import {
  type ConfigDocument,
  checkPart,
  duration,
  durationText,
  isMap,
  readText,
  resolveSecrets,
  Secret,
  size,
  suggestion,
  WrittenConfig,
} from "../../config/index.js"
import { checkCertificates } from "../certificates.js"
import type { SinkKind, SourceKind } from "../components.js"
import { checkHttp, httpSchema } from "../http/options.js"
import { checkShared, sharedSchema } from "../nats/shared.js"
import type { Route } from "../routes/route.js"
import { compileRoute, type RouteOptions, routeSchema } from "../routes/schema.js"
import { sinkKinds, sourceKinds } from "./registry.js"

export const storeSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The folder of the store, on a local disk. With `jetstream`: of this relay's copy, and `./data` by default.",
    ),
  jetstream: sharedSchema
    .optional()
    .describe("Shares the store with other relays, through [NATS JetStream](store.md#on-several-machines)."),
  maxBytes: size().prefault("1GiB").describe("How much the store may take."),
  retention: duration().prefault("7d").describe("How long events are kept after all sinks have them."),
})
/** The path of a store with `jetstream`. */
export const defaultPath = "./data"
/** With the default of the path. */
const placedStore = storeSchema.transform(({ path, ...rest }, context) => {
  if (path !== undefined || rest.jetstream !== undefined) return { path: path ?? defaultPath, ...rest }
  context.addIssue({ code: "custom", path: ["path"], message: "It is required, and must be text" })
  return z.NEVER
})
export const schema = z.strictObject({
  version: z.literal(1).describe("The version of this format."),
  store: placedStore.describe("Where events are kept."),
  http: httpSchema.optional().describe("The HTTP server. Required for webhooks."),
  sources: z.record(z.string(), z.unknown()).describe("Where events come from: a map of names to sources."),
  routes: z.array(routeSchema).describe("Which events go to which sinks."),
  sinks: z.record(z.string(), z.unknown()).describe("Where events go: a map of names to sinks."),
})
const defaultRetryMax = "5m"

/** What every sink has beside the options of its kind. */
export const deliverySchema = z
  .strictObject({
    batch: z.int().min(1).max(10_000).prefault(256).describe("At most this many events at a time."),
    batchBytes: size()
      .refine((bytes) => bytes > 0, 'Expected a size above 0, such as "1MiB"')
      .prefault("1MiB")
      .describe("At most this many bytes of events at a time. A larger event goes alone."),
    batchWait: duration().prefault("0ms").describe("How long an event may wait for others."),
    retryMin: duration()
      .prefault("500ms")
      .describe(
        "The longest wait before the first retry. The wait is random below a bound that doubles with each retry.",
      ),
    retryMax: duration().prefault(defaultRetryMax).describe("The highest bound. At least `retryMin`."),
    openAfter: duration()
      .prefault("1m")
      .describe("After failing for this long, the sink's circuit is open: one event at a time tries whether it works."),
  })
  .superRefine(({ retryMin, retryMax }, context) => {
    if (retryMin <= retryMax) return
    const [min, max] = [durationText(retryMin), durationText(retryMax)]
    const is = max === defaultRetryMax ? `${max} by default` : max
    context.addIssue({
      code: "custom",
      path: ["retryMax"],
      message: `It is ${is}, less than retryMin, which is ${min}. Set retryMax to ${min} or more, or retryMin to ${max} or less`,
    })
  })

/** A source or sink, as configured. */
export interface Component<Kind> {
  name: string
  /** The name of the kind. */
  type: string
  kind: Kind
  config: unknown
  /** Changes if the component does, its secrets included. */
  fingerprint: string
}

export interface SinkComponent extends Component<SinkKind> {
  delivery: z.infer<typeof deliverySchema>
}

/** How a configuration is read. */
export interface ReadOptions {
  /** Whether secrets are looked up. True by default. If not, the configuration cannot be run. */
  needsSecrets?: boolean
}

/** A configuration that was checked. */
export interface RelayConfig {
  /** The file that it was read from. */
  file: string
  /** The folder of that file, which paths are relative to. */
  folder: string
  /** The options of `store`. */
  store: z.infer<typeof placedStore>
  /** The options of `http`. Undefined if there is no server. */
  http: z.infer<typeof httpSchema> | undefined
  /** The sources, in the order of the file. */
  sources: Component<SourceKind>[]
  /** The routes, in the order of the file. */
  routes: Route[]
  /** The sinks, in the order of the file. */
  sinks: SinkComponent[]
  /** Of what only a restart can change. */
  fingerprint: string
}

/** A hash of a part of a configuration, in which secrets count by their values. */
export function fingerprintOf(value: unknown): string {
  const parts: string[] = [JSON.stringify(value)]
  const visit = (member: unknown): void => {
    if (member instanceof Secret) parts.push(member.reveal())
    else if (typeof member === "object" && member !== null) Object.values(member).forEach(visit)
  }
  visit(value)
  return createHash("sha256").update(parts.join("\0")).digest("hex")
}

/** The folder of state beside the store is named after it, so names must be safe in files, metrics and URLs. */
export const namePattern = /^[A-Za-z][\w-]{0,63}$/
const nameExpected = "A name has letters, digits, - and _, and begins with a letter"

/** Checks the parts of a configuration, and reports what is wrong to its document. */
export class ConfigReader {
  readonly #document: ConfigDocument
  readonly #folder: string
  readonly #http: { isOn: boolean; hasPage: boolean }
  readonly #needsSecrets: boolean
  readonly #claims = new Map<string, string>()

  constructor(
    document: ConfigDocument,
    folder: string,
    http: { isOn: boolean; hasPage: boolean },
    needsSecrets: boolean,
  ) {
    this.#needsSecrets = needsSecrets
    this.#document = document
    this.#folder = folder
    this.#http = http
  }

  /** Checks the sources or the sinks. */
  components<Kind extends SourceKind | SinkKind>(
    room: "sources" | "sinks",
    value: Record<string, unknown>,
    kinds: Readonly<Record<string, Kind>>,
  ): (Component<Kind> & { delivery?: unknown })[] {
    return Object.entries(value).flatMap(([name, raw]) => {
      const path = [room, name]
      if (!namePattern.test(name)) this.#document.report(path, nameExpected, true)
      if (!isMap(raw)) {
        this.#document.report(path, "Expected a map of options with a type")
        return []
      }
      const { type, delivery: rawDelivery, ...rest } = raw
      const kind = typeof type === "string" && Object.hasOwn(kinds, type) ? kinds[type] : undefined
      if (kind === undefined) {
        const names = Object.keys(kinds)
        const message =
          type === undefined
            ? `It has no type. Expected one of ${names.join(", ")}`
            : `Unknown type "${String(type)}".${suggestion(String(type), names)}`
        this.#document.report(type === undefined ? path : [...path, "type"], message)
        return []
      }
      const delivery =
        room === "sinks"
          ? checkPart(this.#document, deliverySchema, rawDelivery ?? {}, [...path, "delivery"])
          : undefined
      if (room === "sources" && rawDelivery !== undefined)
        this.#document.report([...path, "delivery"], "Only sinks have this option", true)
      if (room === "sinks" && rawDelivery !== undefined && (kind as SinkKind).isDelivered === false)
        this.#document.report([...path, "delivery"], `A sink "${String(type)}" does not have this option`, true)
      const before = this.#document.mistakes.length
      const config = checkPart(this.#document, kind.schema, rest, path)
      if (config === undefined) return []
      if (this.#needsSecrets) {
        const places = { folder: this.#folder, env: process.env }
        resolveSecrets(config, places, (inner, message) => this.#document.report([...path, ...inner], message))
        if (this.#document.mistakes.length > before) return []
        const problem = kind.check?.(config, this.#http)
        if (problem !== undefined) this.#document.report([...path, ...problem[0]], problem[1])
        const files = problem === undefined ? kind.certificates?.(config) : undefined
        if (files !== undefined)
          checkCertificates(files, this.#folder, (option, message) =>
            this.#document.report([...path, "security", option], message),
          )
      }
      for (const claim of kind.claims?.(config) ?? []) {
        const owner = this.#claims.get(claim)
        if (owner !== undefined) this.#document.report(path, `${owner} has ${claim} already`, true)
        this.#claims.set(claim, `${room}.${name}`)
      }
      const fingerprint = this.#needsSecrets ? fingerprintOf([type, config, delivery]) : ""
      return [{ name, type: String(type), kind, config, delivery, fingerprint }]
    })
  }

  routes(routes: readonly RouteOptions[], sources: string[], sinks: string[]): Route[] {
    const seen = new Set<string>()
    const used = new Set<string>()
    const result = routes.map((options, index): Route => {
      const { name, from, to } = options
      const path = ["routes", index]
      if (seen.has(name)) this.#document.report([...path, "name"], `There are two routes named "${name}"`)
      seen.add(name)
      this.#references([...path, "from"], from, sources, "source")
      this.#references([...path, "to"], to, sinks, "sink")
      for (const source of from) used.add(source)
      return compileRoute(options, (inner, message, isKey) =>
        this.#document.report([...path, ...inner], message, isKey),
      )
    })
    for (const source of sources) {
      if (!used.has(source))
        this.#document.report(["sources", source], "No route takes events from this source: all would be lost", true)
    }
    return result
  }

  /** Checks that the sources which sinks need are there. */
  needs(sinks: readonly Component<SinkKind>[], sources: Readonly<Record<string, unknown>>): void {
    for (const { name: sink, kind, config } of sinks) {
      const needed = kind.source?.(config)
      if (needed === undefined) continue
      const { option, name, type } = needed
      const known = Object.keys(sources).filter((one) => (sources[one] as { type?: unknown } | null)?.type === type)
      if (!known.includes(name))
        this.#document.report(
          ["sinks", sink, option],
          `There is no source "${name}" of the type ${type}.${suggestion(name, known)}`,
        )
    }
  }

  #references(path: PropertyKey[], names: readonly string[], known: string[], what: string): void {
    for (const [index, name] of names.entries()) {
      if (!known.includes(name))
        this.#document.report([...path, index], `There is no ${what} "${name}".${suggestion(name, known)}`)
    }
  }
}

/** Why a configuration cannot be read, and what to do. */
const unreadable: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file. Write one with: ohmq relay init",
  EISDIR: "It is a folder. Name the file in it, such as relay.yaml, or write one there with: ohmq relay init",
  EACCES: "This user may not read the file. Change its owner or mode",
  EMFILE: "Cannot read the file: the process has too many open files. Raise the limit (ulimit -n)",
}

/**
 * The text of a configuration.
 *
 * @throws {@link ConfigError} if it cannot be read
 */
export const readConfigText = (file: string): string => readText(file, unreadable)

/**
 * Reads and checks a configuration: its options, names, expressions and secrets. The network is not used.
 *
 * @throws {@link ConfigError} with all mistakes
 */
export function readConfig(file: string, options: ReadOptions = {}): RelayConfig {
  return parseConfig(readConfigText(file), file, options)
}

/** Checks the text of a configuration. See {@link readConfig}. */
export function parseConfig(text: string, file: string, { needsSecrets = true }: ReadOptions = {}): RelayConfig {
  const written = new WrittenConfig(text, file, "version, store, sources, routes and sinks")
  const { document, folder, value } = written
  const top = checkPart(document, schema, value)
  // What can be checked is, even if something else is wrong.
  const reader = new ConfigReader(document, folder, written.http, needsSecrets)
  const sources = reader.components("sources", written.part("sources"), sourceKinds)
  const sinks = reader.components("sinks", written.part("sinks"), sinkKinds)
  reader.needs(sinks, written.part("sources"))
  const given = top?.routes ?? z.array(routeSchema).safeParse(value.routes).data
  const routes = given && reader.routes(given, Object.keys(written.part("sources")), Object.keys(written.part("sinks")))
  const http = top?.http
  if (http) checkHttp(document, http, needsSecrets ? folder : undefined)
  if (top?.store.jetstream && needsSecrets)
    checkShared(top.store.jetstream, folder, (path, message) =>
      document.report(["store", "jetstream", ...path], message),
    )
  if (top === undefined || routes === undefined || document.mistakes.length > 0) throw written.failure()
  const fingerprint = needsSecrets ? fingerprintOf([top.store, top.http]) : ""
  return { file, folder, store: top.store, http, sources, routes, sinks: sinks as SinkComponent[], fingerprint }
}
