// Makes a result independent of its run: what it refers to by an index is put into it.

import { indexIn, isObject, type Json, objectIn, objectsIn, textIn, without } from "./sarif.js"

/** A rule, and the extension of the tool that has it, if the driver has not. */
export interface Rule {
  readonly descriptor?: Json
  readonly extension?: Json
}

/** The part of a hierarchical rule id that names the rule: `CA1000` of `CA1000/1` (SARIF 2.1.0, section 3.27.5). */
const isIdOf = (rule: Json, id: string) => rule.id === id || id.startsWith(`${String(rule.id)}/`)

/** The rule of a result (sections 3.27.5 to 3.27.7). */
export function ruleOf(run: Json, result: Json): Rule {
  const tool = objectIn(run, "tool")
  const reference = objectIn(result, "rule")
  const component = objectIn(reference, "toolComponent")
  const extensions = objectsIn(tool, "extensions")
  const byIndex = indexIn(component, "index")
  const extension =
    byIndex === undefined
      ? extensions.find((one) => isNamed(one, component))
      : (tool.extensions as readonly Json[] | undefined)?.[byIndex]
  const rules = objectsIn(extension ?? objectIn(tool, "driver"), "rules")
  const index = indexIn(result, "ruleIndex") ?? indexIn(reference, "index")
  const id = textIn(result, "ruleId") ?? textIn(reference, "id")
  const descriptor = index === undefined ? rules.find((rule) => id !== undefined && isIdOf(rule, id)) : rules[index]
  return { ...(descriptor && { descriptor }), ...(extension && { extension }) }
}

const isNamed = (component: Json, { name, guid }: Json) =>
  (guid !== undefined && component.guid === guid) || (name !== undefined && component.name === name)

/** Where the parts of a result with this name refer to: an array of the run. */
const tables: Readonly<Record<string, string>> = {
  logicalLocations: "logicalLocations",
  threadFlowLocations: "threadFlowLocations",
  webRequest: "webRequests",
  webResponse: "webResponses",
  address: "addresses",
}

const isArtifactLocation = (name: string) => name === "artifactLocation" || name === "analysisTarget"

/** A copy of a part of a run, without indexes into the run. */
export function resolve(run: Json, value: unknown, name = "", parent = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(run, one, name, parent))
  // A bag of properties may hold anything, and what looks like an index there is none.
  if (!isObject(value) || name === "properties") return value
  const whole = isReference(name) ? nameReference(run, value, name) : inline(run, value, name, parent)
  return Object.fromEntries(Object.entries(whole).map(([key, part]) => [key, resolve(run, part, key, name)]))
}

function inline(run: Json, value: Json, name: string, parent: string): Json {
  const index = indexIn(value, "index")
  if (isArtifactLocation(name)) {
    const artifact = index === undefined ? {} : objectIn(objectsIn(run, "artifacts")[index], "location")
    return without({ ...artifact, ...value }, "index")
  }
  // Only the locations of a thread flow are kept in such a table; those of results are not.
  const table = name === "locations" && parent === "threadFlows" ? "threadFlowLocations" : tables[name]
  if (table === undefined) return value
  const found = index === undefined ? {} : (objectsIn(run, table)[index] ?? {})
  return without({ ...found, ...value }, "index", "parentIndex")
}

const isReference = (name: string) =>
  name === "taxa" || name === "target" || name === "rule" || name === "toolComponent"

/** References to descriptors and tool components, by name (sections 3.52 and 3.54). */
function nameReference(run: Json, value: Json, name: string): Json {
  if (name === "toolComponent") return nameComponent(run, value)
  const index = indexIn(value, "index")
  if (index === undefined || textIn(value, "id")) return without(value, "index")
  const component = objectIn(value, "toolComponent")
  const holder = [...componentsOf(run)].find((one) => isNamed(one, nameComponent(run, component)))
  const id = textIn(objectsIn(holder ?? {}, "taxa")[index], "id")
  return { ...without(value, "index"), ...(id && { id }) }
}

function* componentsOf(run: Json): Iterable<Json> {
  yield* objectsIn(run, "taxonomies")
  yield* objectsIn(objectIn(run, "tool"), "extensions")
}

function nameComponent(run: Json, reference: Json): Json {
  const index = indexIn(reference, "index")
  if (index === undefined) return reference
  const named = without(reference, "index")
  if (named.name !== undefined || named.guid !== undefined) return named
  const found = objectsIn(run, "taxonomies")[index] ?? objectsIn(objectIn(run, "tool"), "extensions")[index]
  return {
    ...named,
    ...(found?.name !== undefined && { name: found.name }),
    ...(found?.guid !== undefined && { guid: found.guid }),
  }
}

/**
 * A result that means the same in any run that has its rule: without indexes, with its rule by id, and with the graphs of the run that it
 * traverses. `invocationIndex` of its provenance goes.
 */
export function resolveResult(run: Json, result: Json, rule: Rule): Json {
  const id = textIn(result, "ruleId") ?? textIn(objectIn(result, "rule"), "id") ?? textIn(rule.descriptor, "id")
  const { name, guid } = rule.extension ?? {}
  const component = { ...(name !== undefined && { name }), ...(guid !== undefined && { guid }) }
  const resolved = resolve(run, without(result, "ruleIndex", "rule"), "result") as Json
  const provenance =
    resolved.provenance === undefined
      ? {}
      : { provenance: without(objectIn(resolved, "provenance"), "invocationIndex") }
  const bare = withGraphs(run, { ...resolved, ...provenance })
  if (id === undefined) return bare
  return { ...bare, ruleId: id, ...(rule.extension && { rule: { id, toolComponent: component } }) }
}

function withGraphs(run: Json, result: Json): Json {
  const graphs = [...objectsIn(result, "graphs")]
  const traversals = objectsIn(result, "graphTraversals").map((traversal) => {
    const index = indexIn(traversal, "runGraphIndex")
    const graph = index === undefined ? undefined : objectsIn(run, "graphs")[index]
    if (!graph) return traversal
    graphs.push(resolve(run, graph, "graph") as Json)
    return { ...without(traversal, "runGraphIndex"), resultGraphIndex: graphs.length - 1 }
  })
  return traversals.length === 0 ? result : { ...result, graphs, graphTraversals: traversals }
}
