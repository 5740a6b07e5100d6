// What options look like beyond their JSON type. The tables in docs/ and the JSON Schema for editors say it.

import { z } from "zod"

/** Names for text that has a form, such as "size". */
export const textShapes = z.registry<{ name: string }>()

/** Lists that may be written as a single value. */
export const looseLists = z.registry<{ isLoose: true }>()

/** One value, or a list of them. */
export const oneOrMore = <S extends z.ZodType>(item: S, expected?: string) =>
  z.preprocess(
    (value) => (Array.isArray(value) ? value : [value]),
    z.array(item).min(1, expected).register(looseLists, { isLoose: true }),
  )
