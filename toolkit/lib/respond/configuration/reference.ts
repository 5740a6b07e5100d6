// The options of a responder, described: tables for docs/respond.md and a JSON Schema for editors.

import type { z } from "zod"
import { jsonSchemaOf, type OptionRow, optionRows } from "../../config/index.js"
import { namePattern } from "../../relay/configuration/configuration.js"
import { componentDefinitions, componentsSchema, type MapSchema } from "../../relay/configuration/reference.js"
import { sourceKinds } from "../../relay/configuration/registry.js"
import { actionKinds } from "../actions/registry.js"
import { parameterSchemas } from "../parameters/parameter.js"
import { testFileSchema } from "../trial/test-file.js"
import {
  actionSchema,
  approvalSchema,
  auditSchema,
  controlSchema,
  personSchema,
  ruleSchema,
  schema,
  undoSchema,
} from "./schema.js"

/** The options of each part of a configuration, by the part's name. */
export function respondTables(): Record<string, OptionRow[]> {
  const top = optionRows(schema.pick({ dryRun: true, protect: true }))
  const tables: Record<string, OptionRow[]> = {
    "a responder": [
      ...optionRows(auditSchema, "audit."),
      ...optionRows(controlSchema, "control."),
      ...optionRows(personSchema, "people.NAME."),
      ...top,
    ],
    "every action": optionRows(actionSchema),
    rules: optionRows(ruleSchema).flatMap((row) =>
      row.name === "approve" ? [row, ...optionRows(approvalSchema, "approve.")] : [row],
    ),
    "rule tests": optionRows(testFileSchema),
  }
  for (const [name, kind] of Object.entries(actionKinds)) tables[`action ${name}`] = optionRows(kind.schema)
  tables.parameters = Object.entries(parameterSchemas).flatMap(([type, parameter]) =>
    optionRows(parameter, `${type}: `).filter(({ name }) => !name.endsWith(": type")),
  )
  return tables
}

/** The options of a map that are written beside those of its kind. */
const propertiesOf = (common: z.ZodType) => (jsonSchemaOf(common) as unknown as MapSchema).properties

/** A JSON Schema (draft 7) of a configuration, for editors. What depends on several options is for `ohmq respond check`. */
export function respondSchema(): object {
  const { properties, ...rest } = jsonSchemaOf(schema) as unknown as MapSchema
  const described = (name: string) => (properties[name] as { description?: string }).description
  const parameters = {
    type: "object",
    propertyNames: { pattern: namePattern.source },
    additionalProperties: {
      anyOf: [
        { enum: Object.keys(parameterSchemas) },
        ...Object.keys(parameterSchemas).map((type) => ({ $ref: `#/definitions/parameter-${type}` })),
      ],
    },
  }
  const undo = {
    type: "object",
    description: "What takes it back.",
    properties: { type: { enum: Object.keys(actionKinds) }, ...propertiesOf(undoSchema) },
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Configuration of ohmq respond",
    ...rest,
    properties: {
      ...properties,
      sources: componentsSchema("source", sourceKinds, described("sources")),
      actions: componentsSchema("action", actionKinds, described("actions")),
    },
    definitions: {
      ...componentDefinitions("source", sourceKinds, () => ({})),
      ...componentDefinitions("action", actionKinds, () => ({ ...propertiesOf(actionSchema), parameters, undo })),
      ...Object.fromEntries(
        Object.entries(parameterSchemas).map(([type, one]) => [`parameter-${type}`, jsonSchemaOf(one)]),
      ),
    },
  }
}
