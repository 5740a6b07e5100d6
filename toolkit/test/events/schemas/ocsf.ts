// Checks events against the schema of OCSF.

import { readFileSync } from "node:fs"

interface Attribute {
  type: string
  required?: boolean
  array?: boolean
  values?: Record<string, string>
  sibling?: string
}

interface Shape {
  attributes: Record<string, Attribute>
  constraints?: { at_least_one?: string[]; just_one?: string[] }
}

interface Schema {
  types: Record<string, { type?: string; max_len?: number; range?: [number, number]; regex?: string }>
  classes: Record<string, Shape>
  objects: Record<string, Shape>
}

const schema = JSON.parse(readFileSync(new URL("ocsf-1.8.0.json", import.meta.url), "utf8")) as Schema

const simple: Record<string, (value: unknown) => boolean> = {
  string_t: (value) => typeof value === "string",
  boolean_t: (value) => typeof value === "boolean",
  integer_t: (value) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31,
  long_t: (value) => Number.isSafeInteger(value),
  float_t: (value) => typeof value === "number",
  json_t: () => true,
}

/** What is wrong with an event, as a list of lines. */
export function ocsfFaults(event: Record<string, unknown>): string[] {
  const shape = schema.classes[String(event.class_uid)]
  if (!shape) return [`unknown class ${event.class_uid}`]
  const faults = faultsOf(event, shape, "event")
  if (event.type_uid !== Number(event.class_uid) * 100 + Number(event.activity_id))
    faults.push("type_uid is not of the class")
  return faults
}

function faultsOf(value: Record<string, unknown>, { attributes, constraints = {} }: Shape, at: string): string[] {
  const missing = Object.keys(attributes).filter((name) => attributes[name]?.required && value[name] === undefined)
  const count = (names: string[]) => names.filter((name) => value[name] !== undefined).length
  const broken = [
    ...(constraints.just_one && count(constraints.just_one) !== 1
      ? [`${at} needs just one of ${constraints.just_one}`]
      : []),
    ...(constraints.at_least_one && count(constraints.at_least_one) < 1
      ? [`${at} needs one of ${constraints.at_least_one}`]
      : []),
  ]
  const parts = Object.entries(value).flatMap(([name, part]) => {
    const attribute = attributes[name]
    if (!attribute) return [`${at}.${name} is unknown`]
    if (attribute.array !== Array.isArray(part) && (attribute.array || Array.isArray(part)))
      return [`${at}.${name} is an array or should be`]
    const own = attribute.values && !(String(part) in attribute.values) ? [`${at}.${name} cannot be ${part}`] : []
    const caption = attribute.values?.[String(part)]
    const label = attribute.sibling && value[attribute.sibling]
    if (label !== undefined && caption !== undefined && part !== 99 && !String(label).endsWith(caption))
      own.push(`${at}.${attribute.sibling} is ${label}`)
    return [...own, ...[part].flat().flatMap((one) => typeFaults(one, attribute.type, `${at}.${name}`))]
  })
  return [...missing.map((name) => `${at}.${name} is missing`), ...broken, ...parts]
}

function typeFaults(value: unknown, type: string, at: string): string[] {
  const object = schema.objects[type]
  if (object)
    return typeof value === "object" && value !== null
      ? faultsOf(value as Record<string, unknown>, object, at)
      : [`${at} must be an object`]
  const known = schema.types[type]
  const check = simple[known?.type ?? type]
  if (!check) return [`${at} has the unknown type ${type}`]
  if (!check(value)) return [`${at} must be of type ${type}`]
  if (known?.regex && !new RegExp(known.regex).test(String(value))) return [`${at} does not match ${known.regex}`]
  return []
}
