// Whether the places in templates are those of parameters.

import { suggestion } from "../../config/index.js"
import type { Parameter } from "../parameters/parameter.js"
import { Template } from "../parameters/template.js"

/** The first place in a command that is not of a parameter, and the problem with it. */
export function placesCheck(
  command: readonly string[],
  parameters: ReadonlyMap<string, Parameter>,
): [path: PropertyKey[], problem: string] | undefined {
  for (const [index, text] of command.entries()) {
    const name = new Template(text).names.find((one) => !parameters.has(one))
    if (name !== undefined)
      return [
        ["command", index],
        `There is no parameter "${name}".${suggestion(name, [...parameters.keys()])} To write the text {${name}} itself: {{${name}}}`,
      ]
  }
  return undefined
}
