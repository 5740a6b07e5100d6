// The groups of checks, one a file in checks/.

export const packages = ["ohmq", "zeromq"]

/** Those that take longest come first. */
export const groups = [
  "workers",
  "exit",
  "faults",
  "faults-draft",
  "faults-v5",
  "proxy",
  "events",
  "security",
  "waiting",
  "patterns",
  "closing",
  "endpoints",
  "messages",
  "options",
  "context",
  "exports",
  "binaries",
]

/** The checks of a group. */
export async function loadChecks(group) {
  const { checks } = await import(new URL(`checks/${group}.mjs`, import.meta.url))
  return checks
}
