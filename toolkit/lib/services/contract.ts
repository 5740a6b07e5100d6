// Schemas of services, of any library that implements Standard Schema (https://standardschema.dev, version 1), such as zod.

import { ServiceError } from "./service-error.js"

/** A schema: what Standard Schema says of it. */
export interface Schema<Input = unknown, Output = Input> {
  /** What all of them have: https://standardschema.dev. */
  readonly "~standard": {
    readonly version: 1
    readonly vendor: string
    /** Checks a value. */
    readonly validate: (value: unknown) => Checked<Output> | Promise<Checked<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema says about a value: the value, or what is wrong with it. */
export type Checked<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
      }[]
    }

/** The schemas of a service. */
export interface ServiceSchemas {
  /** Of the body of a request. */
  input?: Schema | undefined
  /** Of the reply, or of each item of a stream. */
  output?: Schema | undefined
}

/** Services by name, with their schemas. */
export type Contract = Record<string, ServiceSchemas>

type Types<S> = S extends { readonly "~standard": { readonly types?: infer T } } ? NonNullable<T> : never
/** The type that a schema takes. */
export type InputOf<S> = S extends Schema ? (Types<S> extends { input: infer I } ? I : unknown) : unknown
/** The type that a schema gives. */
export type OutputOf<S> = S extends Schema ? (Types<S> extends { output: infer O } ? O : unknown) : unknown

const MAX_ISSUES = 5

/** Throws unless there is no schema, or one. */
export function checkSchema(schema: unknown, name: string): void {
  if (schema === undefined) return
  const standard = (schema as Partial<Schema> | null)?.["~standard"]
  if (standard?.version !== 1 || typeof standard.validate !== "function")
    throw new TypeError(`Expected ${name} to be a schema that implements Standard Schema 1, such as one of zod 4`)
}

/** What the schema makes of a value. Throws a ServiceError if the value does not fit. */
export async function fit(schema: Schema, value: unknown, code: "INVALID_INPUT" | "INVALID_OUTPUT", service: string) {
  const result = await schema["~standard"].validate(value)
  if (!result.issues) return result.value
  const issues = result.issues.slice(0, MAX_ISSUES).map(({ message, path = [] }) => {
    const at = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")
    return at === "" ? message : `${at}: ${message}`
  })
  const more = result.issues.length > MAX_ISSUES ? `, and ${result.issues.length - MAX_ISSUES} more` : ""
  const what = code === "INVALID_INPUT" ? "The body of a request to" : "The reply of"
  throw new ServiceError(code, `${what} "${service}" does not fit its schema: ${issues.join("; ")}${more}`, {
    notBegun: code === "INVALID_INPUT",
  })
}
