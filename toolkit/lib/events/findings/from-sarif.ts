// From a SARIF log to events, one for each result.

import { createEvent } from "../create.js"
import { type Event, eventTypes } from "../event.js"
import { isString, isTime } from "../syntax.js"
import { type Finding, type FindingLocation, type Level, severityOf } from "./finding.js"
import { Fingerprints } from "./fingerprint.js"
import { type Rule, resolve, resolveResult, ruleOf } from "./resolve.js"
import { checkSarif, indexIn, isObject, type Json, objectIn, objectsIn, textIn, without } from "./sarif.js"

/** Options of {@link fromSarif}. */
export interface FromSarifOptions {
  /** The `source` of the events. By default `/sarif/` and the name of the tool. */
  readonly source?: string
  /** The `time` of the events. By default when the tool ended, if the log says so, else now. */
  readonly time?: string
  /**
   * The folder that was scanned, as a URL or path. Locations below it become relative to it, so that a finding has the same id wherever the
   * folder was checked out. The folders that the log names (`originalUriBaseIds`) are used in any case.
   */
  readonly root?: string
}

/** What is kept of a run with each of its results. */
const keptOfRun = [
  "originalUriBaseIds",
  "versionControlProvenance",
  "automationDetails",
  "language",
  "defaultEncoding",
  "defaultSourceLanguage",
  "newlineSequences",
  "columnKind",
  "redactionTokens",
  "baselineGuid",
]

const bareComponent = (component: Json): Json => without(component, "rules", "notifications", "taxa", "contents")

function bareRun(run: Json): Json {
  const tool = objectIn(run, "tool")
  const kept = Object.fromEntries(keptOfRun.filter((name) => run[name] !== undefined).map((name) => [name, run[name]]))
  const taxonomies = objectsIn(run, "taxonomies").map(bareComponent)
  const external = objectsIn(objectIn(run, "externalPropertyFileReferences"), "taxonomies")
  const driver = resolve(run, bareComponent(objectIn(tool, "driver")), "driver")
  return resolve(run, {
    ...kept,
    tool: { driver },
    ...(taxonomies.length > 0 && { taxonomies }),
    ...(external.length > 0 && { externalPropertyFileReferences: { taxonomies: external } }),
  }) as Json
}

/** The text of a message (section 3.11), with its arguments put in. */
function messageText(message: Json, rule: Json | undefined): string {
  const id = textIn(message, "id")
  const found = textIn(message, "text") ?? textIn(objectIn(objectIn(rule, "messageStrings"), id ?? ""), "text")
  const values = Array.isArray(message.arguments) ? message.arguments : []
  const text = found ?? textIn(message, "markdown") ?? id ?? ""
  // Doubled braces mean single ones, but tools that have no arguments do not double them.
  if (values.length === 0) return text
  return text.replace(/\{\{|\}\}|\{(\d+)\}/g, (all, index) =>
    index === undefined ? all.slice(1) : String(values[index] ?? all),
  )
}

const levels: readonly unknown[] = ["error", "warning", "note", "none"]

/** The level of a result, or that of its rule (section 3.27.10). Overrides in invocations are not looked at. */
function levelOf(result: Json, rule: Json | undefined): Level {
  if (levels.includes(result.level)) return result.level as Level
  if (result.kind !== undefined && result.kind !== "fail") return "none"
  const { level } = objectIn(rule, "defaultConfiguration")
  return levels.includes(level) ? (level as Level) : "warning"
}

/** The weaknesses that a rule is about: its relations to CWE, and tags such as CodeQL's `external/cwe/cwe-079`. */
function weaknessesOf(result: Json, rule: Json | undefined): string[] {
  const related = [
    ...objectsIn(rule, "relationships").map((relation) => objectIn(relation, "target")),
    ...objectsIn(result, "taxa"),
  ]
  const properties = [objectIn(rule, "properties"), objectIn(result, "properties")]
  const tags = properties.flatMap(({ tags, cwe }) => [tags, cwe].flat())
  const found = [...related.map(({ id }) => id), ...tags].flatMap((text) =>
    [...String(text ?? "").matchAll(/(?<![a-z])cwe-0*(\d{1,5})(?!\d)/gi)].map(([, number]) => `CWE-${number}`),
  )
  return [...new Set(found)]
}

/** A text encoded or decoded, or as it is if that fails. */
function recode(code: (text: string) => string, text: string): string {
  try {
    return code(text)
  } catch {
    return text
  }
}

/** The folders that files are below, each as a URL and as a path, with a slash at its end. */
function rootsOf(run: Json, root: string | undefined): string[] {
  const bases = Object.values(objectIn(run, "originalUriBaseIds")).map((base) => isObject(base) && textIn(base, "uri"))
  return [root, ...bases]
    .filter((base) => typeof base === "string")
    .flatMap((base) => {
      const folder = base.replaceAll("\\", "/").replace(/\/*$/, "/")
      if (folder.startsWith("file://")) return [folder, recode(decodeURI, folder.slice("file://".length))]
      return folder.startsWith("/") ? [folder, `file://${recode(encodeURI, folder)}`] : [folder]
    })
}

function relative(uri: string, roots: readonly string[]): string {
  const base = roots.find((folder) => uri.startsWith(folder) && uri.length > folder.length)
  return (base ? uri.slice(base.length) : uri).replaceAll("\\", "/").replace(/^(\.\/)+/, "")
}

function locationOf(result: Json, roots: readonly string[]): FindingLocation | undefined {
  const physical = objectIn(objectsIn(result, "locations")[0], "physicalLocation")
  const uri = textIn(objectIn(physical, "artifactLocation"), "uri")
  if (!uri) return undefined
  const region = objectIn(physical, "region")
  const names = { line: "startLine", column: "startColumn", endLine: "endLine", endColumn: "endColumn" }
  const numbers = Object.entries(names).flatMap(([name, theirs]) => {
    const number = indexIn(region, theirs)
    return number === undefined ? [] : [[name, number]]
  })
  return { uri: relative(uri, roots), ...Object.fromEntries(numbers) }
}

function findingOf(run: Json, bare: Json, result: Json, rule: Rule, roots: readonly string[]): Finding {
  const driver = objectIn(objectIn(run, "tool"), "driver")
  const descriptor = rule.descriptor && (resolve(run, rule.descriptor, "descriptor") as Json)
  const id = textIn(result, "ruleId") ?? ""
  const level = levelOf(result, descriptor)
  const text =
    textIn(objectIn(descriptor, "shortDescription"), "text") ?? textIn(objectIn(descriptor, "fullDescription"), "text")
  const cwe = weaknessesOf(result, descriptor)
  const score =
    objectIn(result, "properties")["security-severity"] ?? objectIn(descriptor, "properties")["security-severity"]
  const location = locationOf(result, roots)
  const version = textIn(driver, "semanticVersion") ?? textIn(driver, "version")
  const suppressed = objectsIn(result, "suppressions").some(
    ({ status }) => status === undefined || status === "accepted",
  )
  const uri = textIn(driver, "informationUri")
  const name = textIn(descriptor, "name")
  const help = textIn(descriptor, "helpUri")
  const cve = /^CVE-\d{4}-\d{4,}$/.exec(id)?.[0]
  return {
    tool: { name: String(driver.name), ...(version && { version }), ...(uri && { uri }) },
    rule: {
      id,
      ...(name && { name }),
      ...(text && { text }),
      ...(help && { uri: help }),
      ...(cwe.length > 0 && { cwe }),
      ...(cve && { cve }),
    },
    level,
    severity: severityOf(level, Number(score ?? 0)),
    message: messageText(objectIn(result, "message"), descriptor),
    ...(location && { location }),
    ...(typeof result.baselineState === "string" && { baseline: result.baselineState as "new" }),
    ...(suppressed && { suppressed }),
    sarif: {
      result,
      run: bare,
      ...(descriptor && { rule: descriptor }),
      ...(rule.extension && { extension: resolve(run, bareComponent(rule.extension), "extension") as Json }),
    },
  }
}

function timeOf(run: Json): string {
  const ends = objectsIn(run, "invocations").map((invocation) => textIn(invocation, "endTimeUtc"))
  return ends.find((end) => end !== undefined && isTime(end)) ?? new Date().toISOString()
}

/**
 * The results of a SARIF 2.1.0 log as `finding.reported` events. The same finding in another run has the same `id`, from the fingerprints of the log,
 * or else from its rule, file, code and message. `data.sarif` has the result as it is, so that {@link toSarif} can make the log again.
 *
 * @throws {@link EventError} with the code "data-invalid" if the value is not a SARIF 2.1.0 log
 */
export function fromSarif(log: unknown, options: FromSarifOptions = {}): Event<Finding>[] {
  checkSarif(log)
  const fingerprints = new Fingerprints()
  return log.runs.flatMap((run) => {
    const bare = bareRun(run)
    const roots = rootsOf(run, options.root)
    const time = options.time ?? timeOf(run)
    const tool = String(objectIn(objectIn(run, "tool"), "driver").name)
    const own = isString(tool) ? `/sarif/${encodeURIComponent(tool)}` : "/sarif"
    return objectsIn(run, "results").map((original) => {
      const rule = ruleOf(run, original)
      const result = resolveResult(run, original, rule)
      const data = findingOf(run, bare, result, rule, roots)
      const uri = data.location?.uri ?? ""
      const subject = [uri, data.rule.id].find((text) => text !== "" && isString(text))
      return createEvent<Finding>({
        id: fingerprints.next(tool, result, uri, data.message),
        source: options.source ?? own,
        type: eventTypes.findingReported,
        time,
        ...(subject && { subject }),
        data,
      })
    })
  })
}
