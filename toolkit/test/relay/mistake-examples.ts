// Pages of wrong configurations: blocks of YAML in which each example has its messages as comments below it.

import { readFileSync } from "node:fs"
import { resolve } from "node:path"

export interface Example {
  /** The heading above it. */
  part: string
  yaml: string
  messages: string[]
}

/** The examples of a page in docs/. */
export const examplesOf = (page: string): Example[] =>
  readFileSync(resolve(import.meta.dirname, "../../docs", page), "utf8")
    .split(/^## /m)
    .flatMap((section) => {
      const part = section.slice(0, section.indexOf("\n"))
      const block = /^```yaml\n(.+?)^```/ms.exec(section)?.[1] ?? ""
      return block
        .split("\n\n")
        .filter((text) => text.trim() !== "")
        .map((text) => {
          const lines = text.trimEnd().split("\n")
          const messages = lines.filter((line) => line.startsWith("# ")).map((line) => line.slice(2))
          return { part, yaml: lines.filter((line) => !line.startsWith("# ")).join("\n"), messages }
        })
    })

/** What is said of a configuration, without the places. */
export function messagesOf(parse: () => unknown): string[] {
  try {
    parse()
  } catch (error) {
    return (error as Error).message.split("\n").map((line) => line.replace(/^\S+:\d+:\d+: /, ""))
  }
  return []
}
