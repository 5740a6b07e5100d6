// `ohmq info`: what this installation consists of, and what this machine allows.

import { readFileSync } from "node:fs"
import path from "node:path"
import process from "node:process"

import { installation } from "../../installation.js"
import { UsageError } from "../command/exit.js"
import { columns } from "../command/help.js"
import { choice, defineVerb } from "../command/spec.js"

const root = path.join(__dirname, "../../..")

const read = (file: string) => readFileSync(path.join(root, file), "utf8")

function originOf(file: string): string {
  const relative = path.relative(root, file)
  if (process.env.OHMQ_PREBUILD) return "named by OHMQ_PREBUILD"
  if (relative.startsWith("build")) return "built here"
  return relative.startsWith("prebuilds") ? "prebuilt" : "beside the program"
}

interface Descriptors {
  soft: number | null
  hard: number | null
}

/** How many descriptors this process may open; null for no limit. Undefined where the system has no such limits. */
function descriptors(): Descriptors | undefined {
  const toNumber = (text: unknown) => (text === "unlimited" ? null : Number(text))
  try {
    const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? []
    if (soft !== undefined) return { soft: toNumber(soft), hard: toNumber(hard) }
  } catch {
    // Only Linux has the file. The report is slower.
  }
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: Descriptors } }
  const limits = userLimits?.open_files
  return limits && { soft: toNumber(limits.soft), hard: toNumber(limits.hard) }
}

/** Of this libzmq: it changed its licence with 4.3.5. */
const licenceOf = (libzmq: string) =>
  libzmq.localeCompare("4.3.5", "en", { numeric: true }) < 0 ? "LGPL-3.0-or-later WITH ZeroMQ-exception" : "MPL-2.0"

function gather() {
  const { addon, libzmq, libsodium, capabilities, patches, ioThreads, maxSockets, maxSocketsLimit } = installation()
  const { version, license } = JSON.parse(read("package.json")) as { version: string; license: string }
  return {
    versions: {
      ohmq: version,
      libzmq,
      libsodium,
      node: process.versions.node,
      napi: process.versions.napi ?? null,
    },
    licences: { ohmq: license, libzmq: licenceOf(libzmq) },
    platform: `${process.platform}-${process.arch}`,
    addon: { file: addon, origin: originOf(addon) },
    capabilities,
    patches,
    limits: { openDescriptors: descriptors() ?? null, maxSockets, maxSocketsLimit, ioThreads },
  }
}

type Information = ReturnType<typeof gather>

function describe({ versions, licences, platform, addon, capabilities, patches, limits }: Information): string {
  const names = (wanted: boolean) =>
    Object.entries(capabilities)
      .filter(([, has]) => has === wanted)
      .map(([name]) => name)
      .join(", ")
  const { openDescriptors } = limits
  const bound = (limit: number | null) => limit ?? "unlimited"
  const rows: [string, string][] = [
    ["ohmq", versions.ohmq],
    ["libzmq", `${versions.libzmq}, ${patches.length > 0 ? `with ${patches.length} patches` : "without patches"}`],
    ["libsodium", versions.libsodium ?? "unknown: it belongs to the installed libzmq"],
    ["licences", `ohmq ${licences.ohmq}, libzmq ${licences.libzmq}`],
    ["Node.js", `${versions.node}, Node-API ${versions.napi}`],
    ["platform", platform],
    ["addon", `${addon.file} (${addon.origin})`],
    ["capabilities", names(true)],
    ["not built in", names(false) || "none"],
    [
      "open descriptors",
      openDescriptors === null ? "unknown" : `${bound(openDescriptors.soft)}, at most ${bound(openDescriptors.hard)}`,
    ],
    ["sockets", `${limits.maxSockets} in a context by default, at most ${limits.maxSocketsLimit}`],
    ["I/O threads", `${limits.ioThreads} in a context by default`],
    ["patches", patches.join(" ") || "none"],
  ]
  return `${columns(rows, 20)}\n`
}

export const info = defineVerb({
  name: "info",
  summary: "Shows versions, licences, capabilities, the addon, its patches, and the limits of this machine",
  usage: [""],
  about: `
The limit of open descriptors is this process's: Node.js raises it to the hard limit when it starts. A connection takes one, a socket
a few.`,
  groups: [
    { title: "Output", options: { output: choice(["text", "json"], "A table, or one JSON object. Default text.") } },
  ],
  examples: [
    { what: "what to put into a bug report", command: "ohmq info" },
    { what: "whether libzmq has CURVE", command: "ohmq info --output json | grep -o '\"curve\":true'" },
  ],
  run: async ({ args, values: { output } }) => {
    if (args.length > 0) throw new UsageError(`Expected no arguments, but received ${JSON.stringify(args.join(" "))}`)
    const information = gather()
    process.stdout.write(output === "json" ? `${JSON.stringify(information)}\n` : describe(information))
    return undefined
  },
})
