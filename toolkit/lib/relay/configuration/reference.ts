// The options of the relay, described: tables for docs/relay.md and a JSON Schema for editors.

import type { z } from "zod"
import { jsonSchemaOf, type OptionRow, optionRows } from "../../config/index.js"
import { httpSchema } from "../http/options.js"
import { routeSchema } from "../routes/schema.js"
import { testFileSchema } from "../trial/test-file.js"
import { deliverySchema, namePattern, schema, storeSchema } from "./configuration.js"
import { sinkKinds, sourceKinds } from "./registry.js"

type Kinds = Readonly<Record<string, { readonly schema: z.ZodType }>>

/** The options of each part of a configuration, by the part's name, such as `source webhook`. */
export function optionTables(): Record<string, OptionRow[]> {
  const tables: Record<string, OptionRow[]> = {
    "store and http": [...optionRows(storeSchema, "store."), ...optionRows(httpSchema, "http.")],
    routes: optionRows(routeSchema),
    "every sink": optionRows(deliverySchema, "delivery."),
  }
  tables["test files"] = optionRows(testFileSchema)
  for (const [name, kind] of Object.entries(sourceKinds)) tables[`source ${name}`] = optionRows(kind.schema)
  for (const [name, kind] of Object.entries(sinkKinds)) tables[`sink ${name}`] = optionRows(kind.schema)
  return tables
}

/** The JSON Schema of a map of options. */
export interface MapSchema {
  description?: string
  properties: Record<string, unknown>
  required?: string[]
}

/** The schema of a component: the options of its kind, and those that all have. */
function componentSchema(type: string, kind: z.ZodType, common: Record<string, unknown>): object {
  const { properties, required = [], ...rest } = jsonSchemaOf(kind) as unknown as MapSchema
  return { ...rest, properties: { type: { const: type }, ...properties, ...common }, required: ["type", ...required] }
}

/** The definitions that {@link componentsSchema} refers to. @param common The options that components have beside those of their kind. */
export const componentDefinitions = <K extends { readonly schema: z.ZodType }>(
  room: string,
  kinds: Readonly<Record<string, K>>,
  common: (kind: K) => Record<string, unknown>,
): Record<string, object> =>
  Object.fromEntries(
    Object.entries(kinds).map(([type, kind]) => [`${room}-${type}`, componentSchema(type, kind.schema, common(kind))]),
  )

/** A map of names to components. */
export const componentsSchema = (room: string, kinds: Kinds, description: string | undefined) => ({
  ...(description !== undefined && { description }),
  type: "object",
  propertyNames: { pattern: namePattern.source },
  additionalProperties: {
    type: "object",
    required: ["type"],
    properties: { type: { enum: Object.keys(kinds), description: "The kind." } },
    // One condition a kind, so that an editor says what is wrong with this kind and not that it is none of them.
    allOf: Object.keys(kinds).map((type) => ({
      if: { properties: { type: { const: type } }, required: ["type"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `#/definitions/${room}-${type}` },
    })),
  },
})

/** A JSON Schema (draft 7) of a configuration, for editors. What depends on several options is for `ohmq relay check`. */
export function relaySchema(): object {
  const { properties, ...rest } = jsonSchemaOf(schema) as unknown as MapSchema
  const described = (name: string) => (properties[name] as { description?: string }).description
  const delivery = { ...jsonSchemaOf(deliverySchema), description: "How events are delivered." }
  const definitions = {
    ...componentDefinitions("source", sourceKinds, () => ({})),
    ...componentDefinitions(
      "sink",
      sinkKinds,
      ({ isDelivered }): Record<string, unknown> => (isDelivered === false ? {} : { delivery }),
    ),
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Configuration of ohmq relay",
    ...rest,
    properties: {
      ...properties,
      sources: componentsSchema("source", sourceKinds, described("sources")),
      sinks: componentsSchema("sink", sinkKinds, described("sinks")),
    },
    definitions,
  }
}
