// The help of the command and of its verbs, from their table.

import { common, type Options, type Verb, wordOf } from "./spec.js"
import { paint } from "./terminal.js"

const WIDTH = 100

/** Breaks a text into lines of a width. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** Two columns: names, and what they mean. */
export function columns(rows: readonly (readonly [string, string])[], left = 28): string {
  return rows
    .map(([name, meaning]) => {
      const [first = "", ...more] = wrap(meaning, WIDTH - left)
      const start = name.length > left - 4 ? `  ${name}\n${" ".repeat(left)}` : `  ${name.padEnd(left - 2)}`
      return [start + first, ...more.map((line) => " ".repeat(left) + line)].join("\n")
    })
    .join("\n")
}

/** How an option is written: "-n, --count N". */
export function spelling(name: string, { short, placeholder }: Options[string]): string {
  const long = placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`
  return short === undefined ? `    ${long}` : `-${short}, ${long}`
}

const section = (title: string, body: string) => `${paint("bold", title)}\n${body}`

/** The help of a verb. */
export function helpOf(verb: Verb): string {
  const usage = verb.usage.map((form) => `  ohmq ${verb.name} ${form}`.trimEnd()).join("\n")
  const about = verb.about?.trim().split(/\n\s*\n/) ?? []
  const sections = [
    `${verb.summary}.`,
    section("Usage", usage),
    ...about.map((paragraph) => wrap(paragraph, WIDTH).join("\n")),
    ...(verb.subcommands === undefined
      ? []
      : [section("Commands", columns(verb.subcommands.map((one) => [wordOf(one), `${one.summary}.`])))]),
    ...[...verb.groups, { title: "Options", options: common }].map(({ title, options }) =>
      section(title, columns(Object.entries(options as Options).map(([name, it]) => [spelling(name, it), it.help]))),
    ),
  ]
  if (verb.examples.length > 0) {
    sections.push(
      section(
        "Examples",
        verb.examples.map(({ what, command }) => `  ${paint("dim", `# ${what}`)}\n  ${command}`).join("\n"),
      ),
    )
  }
  return `${sections.join("\n\n")}\n`
}
