// Describes options: a row for each, for the tables in docs/, and a JSON Schema for editors. Both come from the schemas that check a configuration.

import { z } from "zod"
import { looseLists, textShapes } from "./shapes.js"

type Schema = z.core.$ZodType

/** An option, for people. */
export interface OptionRow {
  /** Its name, such as `security.cert`. */
  name: string
  type: string
  /** Undefined if the option may be left out and has no default. */
  default: unknown
  isRequired: boolean
  text: string
}

/** What is around a schema, and what is not of interest to who writes an option. */
interface Unwrapped {
  schema: Schema
  default: unknown
  isRequired: boolean
  text: string | undefined
}

function unwrap(outer: Schema): Unwrapped {
  const found: Unwrapped = { schema: outer, default: undefined, isRequired: true, text: undefined }
  for (;;) {
    const { schema } = found
    found.text ??= z.globalRegistry.get(schema)?.description
    if (schema instanceof z.ZodOptional) found.isRequired = false
    else if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
      found.isRequired = false
      found.default = schema.def.defaultValue
    } else if (!(schema instanceof z.ZodPipe)) return found
    if (schema instanceof z.ZodPipe)
      found.schema = schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in
    else found.schema = schema.def.innerType
  }
}

const code = (value: unknown) => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``

const either = (names: readonly string[]) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`

/** What a schema takes, in words. */
function typeOf(outer: Schema): string {
  const { schema } = unwrap(outer)
  const shape = textShapes.get(schema)
  if (shape) return shape.name
  if (schema instanceof z.ZodEnum) return either(Object.values(schema.def.entries).map(code))
  if (schema instanceof z.ZodLiteral) return either(schema.def.values.map(code))
  if (schema instanceof z.ZodBoolean) return "`true` or `false`"
  if (schema instanceof z.ZodNumber) return numberType(schema)
  if (schema instanceof z.ZodURL) return "URL"
  if (schema instanceof z.ZodString) return "text"
  if (schema instanceof z.ZodArray)
    return looseLists.get(schema) ? `${typeOf(schema.element)}, or a list` : `list of ${typeOf(schema.element)}`
  if (schema instanceof z.ZodRecord) return `map of names to ${typeOf(schema.valueType)}`
  if (schema instanceof z.ZodUnion) return either(schema.def.options.map(typeOf))
  if (schema instanceof z.ZodObject) return "map"
  if (schema instanceof z.ZodUnknown || schema instanceof z.ZodAny) return "anything"
  throw new Error(`There are no words for options of the kind ${schema._zod.def.type}: add them to typeOf()`)
}

function numberType({ minValue, maxValue, format }: z.ZodNumber): string {
  const name = format === "safeint" || format?.includes("int") ? "integer" : "number"
  const isBound = (bound: number | null): bound is number => bound !== null && Math.abs(bound) < Number.MAX_SAFE_INTEGER
  if (isBound(minValue) && isBound(maxValue)) return `${name}, ${minValue} to ${maxValue}`
  if (isBound(minValue)) return `${name}, at least ${minValue}`
  return isBound(maxValue) ? `${name}, at most ${maxValue}` : name
}

/** The options of a schema, those within maps too. Throws if one is not described. */
export function optionRows(schema: Schema, prefix = ""): OptionRow[] {
  const { schema: map } = unwrap(schema)
  if (!(map instanceof z.ZodObject)) throw new Error("Only the options of a map can be listed")
  return Object.entries(map.shape as Record<string, Schema>).flatMap(([key, member]): OptionRow[] => {
    const name = prefix + key
    const { schema: inner, default: initial, isRequired, text } = unwrap(member)
    if (text === undefined) throw new Error(`The option ${name} has no description: add .describe() to its schema`)
    const row = { name, type: typeOf(member), default: initial, isRequired, text }
    const element = inner instanceof z.ZodArray ? unwrap(inner.element).schema : undefined
    if (element instanceof z.ZodObject) return [row, ...optionRows(element, `${name}[].`)]
    return inner instanceof z.ZodObject ? [row, ...optionRows(inner, `${name}.`)] : [row]
  })
}

/** A JSON Schema (draft 7, which editors know) of what may be written. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-7",
    override: ({ zodSchema, jsonSchema }) => {
      if (!looseLists.get(zodSchema) || jsonSchema.type !== "array") return
      const { type, items, minItems } = jsonSchema
      for (const key of ["type", "items", "minItems"]) delete jsonSchema[key]
      jsonSchema.anyOf = [items as z.core.JSONSchema.BaseSchema, { type, items, minItems } as never]
    },
  }) as Record<string, unknown>
  return rest
}
