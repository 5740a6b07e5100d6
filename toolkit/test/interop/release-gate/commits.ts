// Commits of C programs, whose findings are known before a scanner looks at them.

import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Lines in which flawfinder finds one thing each: the rule, how bad it is, and the code, which is never the same. */
const mistakes: readonly [rule: string, level: string, code: (name: string) => string][] = [
  ["FF1001", "error", (name) => `strcpy(${name}, b);`],
  ["FF1014", "error", (name) => `gets(${name});`],
  ["FF1013", "note", (name) => `char ${name}[10];`],
  ["FF1022", "note", (name) => `n += strlen(${name});`],
  ["FF1004", "note", (name) => `memcpy(${name}, b, n);`],
]

export interface Commit {
  sha: string
  /** What the scanner must find: the file, the line and the rule of each. */
  findings: { key: string; level: string }[]
  /** What GitHub would send. */
  push: string
}

/** What identifies a finding here, other than its id, which the toolkit makes. */
export const keyOf = (uri: string, line: number, rule: string): string => `${uri}:${line}:${rule}`

/** Writes the files of a commit below `checkouts` in a folder. */
export function commit(folder: string, number: number, next: () => number): Commit {
  const sha = createHash("sha1").update(String(number)).digest("hex")
  const chosen = Array.from({ length: 1 + Math.floor(next() * 6) }, () => Math.floor(next() * mistakes.length))
  const path = `checkouts/${sha}/main.c`
  mkdirSync(join(folder, "checkouts", sha), { recursive: true })
  const lines = chosen.map((one, index) => `  ${mistakes[one]?.[2](`v_${number}_${index}`)}`)
  writeFileSync(join(folder, path), `int f(char *b, int n) {\n${lines.join("\n")}\n  return n;\n}\n`)
  const findings = chosen.map((one, index) => {
    const [rule = "", level = ""] = mistakes[one] ?? []
    return { key: keyOf(path, index + 2, rule), level }
  })
  const push = JSON.stringify({
    ref: "refs/heads/main",
    after: sha,
    repository: { full_name: "shop/app", html_url: "https://github.com/shop/app" },
    pusher: { name: "ada" },
    commits: [{ id: sha, message: `Change ${number}`, modified: ["main.c"] }],
  })
  return { sha, findings, push }
}
