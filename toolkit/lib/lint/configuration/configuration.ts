// Checks configurations. What their own readers refuse is not looked for again.

import { ConfigError, checkPart, WrittenConfig } from "../../config/index.js"
import { parseConfig } from "../../relay/index.js"
import { sharedSchema } from "../../relay/nats/shared.js"
import { parseRules } from "../../respond/index.js"
import type { Comment, Violation } from "../place.js"
import { checkAddresses, checkAllAddresses } from "./addresses.js"
import { checkConditions } from "./conditions.js"
import { kindOfValue } from "./kinds.js"
import type { Report } from "./report.js"

const unknown = `This is not a configuration of ohmq: a relay has store, sources, routes and sinks, and a responder has store, audit, sources, actions and rules`

/** What is larger is data that somebody named by mistake. */
const maxLength = 2 ** 20

/**
 * Finds what breaks the rules in a configuration. Secrets are not looked up.
 *
 * @throws ConfigError if the configuration is not valid
 */
export function lintConfiguration(text: string, file: string): { violations: Violation[]; comments: Comment[] } {
  const refuse = (message: string) => new ConfigError(file, [{ line: 1, column: 1, path: "", message }])
  if (text.length > maxLength) throw refuse("It is larger than 1 MiB: too large for a configuration")
  const { document, value } = new WrittenConfig(text, file, "the members of a configuration of ohmq")
  const violations: Violation[] = []
  const report: Report = (rule, path, message, advice) =>
    violations.push({ rule, ...document.place(path), message, advice })
  switch (kindOfValue(value)) {
    case "relay": {
      const { sources, routes } = parseConfig(text, file, { needsSecrets: false })
      checkAllAddresses(value, report)
      checkConditions("routes", routes, sources, report)
      break
    }
    case "responder": {
      const { sources, rules } = parseRules(text, file, { needsSecrets: false })
      checkAllAddresses(value, report)
      checkConditions("rules", rules, sources, report)
      break
    }
    case "jetstream": {
      if (checkPart(document, sharedSchema, value) === undefined) throw new ConfigError(file, document.mistakes)
      checkAddresses(value, [], report)
      break
    }
    // Tests have no addresses, and run nothing.
    case "tests":
      break
    default:
      throw refuse(unknown)
  }
  return { violations, comments: commentsOf(text) }
}

/** The comments of a YAML text. Only those are looked for that can ignore something, so text that looks like one does no harm. */
const commentsOf = (text: string): Comment[] =>
  text.split("\n").flatMap((line, index) => {
    const at = line.search(/(^|\s)#\s*ohmq-lint-ignore\b/)
    if (at < 0) return []
    const column = line.indexOf("#", at) + 1
    return [{ text: line.slice(column), line: index + 1, column }]
  })
