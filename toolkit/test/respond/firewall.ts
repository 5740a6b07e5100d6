// A firewall in a network namespace of its own, and the block that docs/respond.md has, in it.

import { execFileSync, spawn } from "node:child_process"
import { readFileSync, readlinkSync } from "node:fs"
import { resolve } from "node:path"
import process from "node:process"
import { onTestFinished } from "vitest"
import { parse } from "yaml"
import { until } from "../relay/support.js"

/** The action `block` of the configuration in docs/respond.md. */
export function documentedBlock(): { command: string[]; undo: { command: string[] } } {
  const page = readFileSync(resolve(import.meta.dirname, "../../docs/respond.md"), "utf8")
  const [, text = ""] = /^## The configuration\n.*?^```yaml\n(.+?)^```/ms.exec(page) ?? []
  return parse(text).actions.block
}

/** What runs a program with a firewall, and what the firewall blocks. Needs root and Debian's package nftables. */
export async function firewall() {
  if (process.getuid?.() !== 0) throw new Error("Only root can make network namespaces")
  // It ends with the tests, also if they are killed: its input closes then.
  const child = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "ignore", "ignore"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  const namespaceOf = (pid: number | string | undefined) => readlinkSync(`/proc/${pid}/ns/net`)
  await until(() => namespaceOf(child.pid) !== namespaceOf("self"))
  const inside = ["nsenter", `--net=/proc/${child.pid}/ns/net`]
  const nft = (...args: string[]) =>
    execFileSync("nsenter", [inside[1] as string, "nft", ...args], { encoding: "utf8" })
  nft("add table inet filter; add set inet filter blocked { type ipv4_addr; }")
  return {
    inside,
    nft,
    blocked: (): string[] => {
      const { nftables } = JSON.parse(nft("--json", "list", "set", "inet", "filter", "blocked"))
      return nftables.find(({ set }: { set?: object }) => set).set.elem ?? []
    },
  }
}

/** The action of the documents in that firewall, as YAML of one line. */
export function blockIn(inside: readonly string[], rest = ""): string {
  const { command, undo } = documentedBlock()
  const run = (arguments_: string[]) => JSON.stringify([...inside, ...arguments_])
  return `block: { type: exec, command: ${run(command)}, parameters: { ip: { type: ip, version: 4 } }, root: true, ${rest}undo: { command: ${run(undo.command)}, root: true } }`
}
