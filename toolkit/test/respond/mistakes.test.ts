// docs/respond-mistakes.md: each wrong configuration is played, and each kind of action has three.

import { parseRules } from "ohmq-toolkit/respond"
import { describe, expect, it } from "vitest"
import { type Example, examplesOf, messagesOf } from "../relay/mistake-examples.js"
import { configWith } from "./support.js"

const examples = examplesOf("respond-mistakes.md")

/** A configuration that is right, but for the example. */
function rulesWith({ part, yaml }: Example): string {
  const action = part.includes("ction") ? yaml : "{ type: exec, command: [echo] }"
  const parameters = part === "Parameters" ? yaml : "ip: ip"
  const rule = part === "Rules" ? yaml : '{ name: a, when: "true", do: act, with: { ip: data.ip } }'
  const config = configWith(`
actions:
  act: ${action.replace(/^\{/, `{ root: true, parameters: { ${parameters} }, `).replace(/root: true, (?!.*type: exec)/, "")}
rules:
  - ${rule}
`)
  if (part !== "The top") return config
  const [name = ""] = yaml.split(":", 1)
  return `${config.replace(new RegExp(`^${name}:.*\n`, "m"), "")}${yaml}\n`
}

describe("docs/respond-mistakes.md", () => {
  it.each(examples.map((example) => [example.part, example.yaml, example] as const))(
    "%s: %s",
    (_part, _yaml, example) => {
      const messages = messagesOf(() => parseRules(rulesWith(example), "/nowhere/rules.yaml"))
      expect(messages.toSorted()).toEqual(example.messages.toSorted())
      expect(example.messages).not.toEqual([])
    },
  )

  it.each([
    "The top",
    "Parameters",
    "Every action",
    "Action `exec`",
    "Action `webhook`",
    "Action `publish`",
    "Action `task`",
    "Rules",
  ])("has three wrong configurations for: %s", (part) => {
    expect(examples.filter((example) => example.part === part).length).toBeGreaterThanOrEqual(3)
  })
})
