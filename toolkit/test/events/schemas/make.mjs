// Writes the schemas of this folder, from what their authors publish, without what validation does not need.
// Usage: node make.mjs SARIF OCSF CLOUDEVENTS
//   SARIF         sarif-2.1/schema/sarif-schema-2.1.0.json of https://github.com/oasis-tcs/sarif-spec
//   OCSF          a folder with https://github.com/ocsf/ocsf-schema at version 1.8.0 (commit 3dcb905d)
//   CLOUDEVENTS   cloudevents/formats/cloudevents.json of https://github.com/cloudevents/spec at v1.0.2

import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

const [sarif, ocsf, cloudevents] = process.argv.slice(2)
const read = (...file) => JSON.parse(readFileSync(path.join(...file), "utf8"))
const write = (name, value) => writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(value)}\n`)

/** JSON Schema of draft 4 as draft 7 has it, without descriptions. */
function modern(value) {
  if (Array.isArray(value)) return value.map(modern)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).filter(
    ([name, part]) => !["id", "$schema", "title", "description", "default"].includes(name) || typeof part === "object",
  )
  return Object.fromEntries(entries.map(([name, part]) => [name, modern(part)]))
}

const { version } = read(ocsf, "version.json")
const dictionary = read(ocsf, "dictionary.json")
const files = (folder) =>
  readdirSync(path.join(ocsf, folder), { recursive: true })
    .filter((file) => file.endsWith(".json"))
    .map((file) => read(ocsf, folder, file))
const objects = new Map(files("objects").map((object) => [object.name, object]))
const classes = new Map(files("events").map((one) => [one.name, one]))

/** The attributes of a class or object, its parents' included. Those that belong to a profile are left out. */
function attributesOf(all, name) {
  const own = all.get(name)
  if (!own) return {}
  const attributes = attributesOf(all, own.extends)
  for (const [key, attribute] of Object.entries(own.attributes ?? {})) {
    if (key !== "$include")
      attributes[key] = { ...attributes[key], ...attribute, enum: { ...attributes[key]?.enum, ...attribute.enum } }
  }
  return attributes
}

const constraintsOf = (name) =>
  objects.get(name)?.constraints ?? (objects.has(name) ? constraintsOf(objects.get(name).extends) : {})

/** An attribute: its type, whether it is required or an array, what values it may have. */
function compact(key, attribute) {
  const known = dictionary.attributes[key] ?? {}
  const values = Object.entries({ ...known.enum, ...attribute.enum }).map(([value, { caption }]) => [value, caption])
  return {
    type: attribute.type ?? known.type,
    ...(attribute.requirement === "required" && { required: true }),
    ...(known.is_array && { array: true }),
    ...(values.length > 0 && { values: Object.fromEntries(values) }),
    // The attribute with the caption of the value.
    ...(known.sibling && { sibling: known.sibling }),
  }
}

const compactAll = (attributes) =>
  Object.fromEntries(Object.entries(attributes).map(([key, one]) => [key, compact(key, one)]))

const result = { version, types: dictionary.types.attributes, classes: {}, objects: {} }
const category = read(ocsf, "categories.json").attributes.findings
for (const name of ["vulnerability_finding", "detection_finding"]) {
  const { uid, caption } = classes.get(name)
  const class_uid = category.uid * 1000 + uid
  const attributes = compactAll(attributesOf(classes, name))
  // OCSF's own server puts these in.
  attributes.class_uid.values = { [class_uid]: caption }
  attributes.category_uid.values = { [category.uid]: category.caption }
  result.classes[class_uid] = { attributes }
}
const waiting = Object.values(result.classes)
for (const { attributes } of waiting) {
  for (const { type } of Object.values(attributes)) {
    if (!objects.has(type) || result.objects[type]) continue
    const constraints = constraintsOf(type)
    result.objects[type] = {
      attributes: compactAll(attributesOf(objects, type)),
      ...(Object.keys(constraints).length > 0 && { constraints }),
    }
    waiting.push(result.objects[type])
  }
}
for (const type of Object.values(result.types)) delete type.description

write("sarif-2.1.0.json", modern(read(sarif)))
write("ocsf-1.8.0.json", result)
write("cloudevents-1.0.2.json", modern(read(cloudevents)))
