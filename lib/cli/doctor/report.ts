// Shows what an examination has found: the cause, what to do, and the steps with their times.

import { Exit } from "../command/exit.js"
import { paint } from "../command/terminal.js"
import { type Cause, explain } from "./causes.js"
import type { Examination, Step } from "./examination.js"

const colours = { [Exit.done]: "green", [Exit.timedOut]: "yellow" } as const

/** A time in milliseconds, with three digits that count. */
export function milliseconds(time: number): string {
  const digits = time < 10 ? 2 : time < 100 ? 1 : 0
  return `${time.toFixed(digits)} ms`
}

function table(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ name }) => name.length))
  return steps
    .map(({ name, time, isGood, result }) => {
      const mark = isGood ? paint("green", "+") : paint("red", "-")
      return `  ${mark} ${name.padEnd(width)}  ${milliseconds(time).padStart(8)}  ${result}`
    })
    .join("\n")
}

/** The report, for people. */
export function reportText(endpoint: string, cause: Cause, { facts, steps }: Examination): string {
  const { exit, sentence, advice } = explain(cause, facts, endpoint)
  const colour = colours[exit as keyof typeof colours] ?? "red"
  const lines = [`${paint("bold", endpoint)}: ${paint(colour, sentence)}`, `Next: ${advice}`]
  if (steps.length > 0) lines.push("", table(steps))
  return `${lines.join("\n")}\n`
}

/** The report, for programs: one line of JSON. */
export function reportJson(endpoint: string, cause: Cause, { facts, steps }: Examination): string {
  const { exit, sentence, advice } = explain(cause, facts, endpoint)
  return `${JSON.stringify({
    endpoint,
    ok: exit === Exit.done,
    cause,
    sentence,
    advice,
    facts,
    steps: steps.map(({ name, time, isGood, result }) => ({
      name,
      milliseconds: Math.round(time * 1000) / 1000,
      ok: isGood,
      result,
    })),
  })}\n`
}
