// From an alert to a blocked address and back, in networks of its own. See README.md.
// Exit codes: 0 all that it claims holds, 1 something does not, 3 it cannot run here.

import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import path from "node:path"
import process from "node:process"

/** What it needs, and Debian's package that has it. */
const programs = {
  nft: "nftables",
  ip: "iproute2",
  unshare: "util-linux",
  setpriv: "util-linux",
  "prometheus-alertmanager": "prometheus-alertmanager",
  amtool: "prometheus-alertmanager",
  curl: "curl",
}

/** Why it cannot run here. Undefined if it can. */
function obstacle() {
  if (process.platform !== "linux")
    return `It needs Linux, for nftables and network namespaces. This is ${process.platform}.`
  if (process.getuid() !== 0)
    return `It needs root, for a network namespace and a firewall in it. Nothing else is touched: sudo node ${process.argv[1]}`
  const isMissing = (program) => spawnSync("sh", ["-c", 'command -v "$1"', "sh", program]).status !== 0
  const missing = [
    ...new Set(
      Object.keys(programs)
        .filter(isMissing)
        .map((program) => programs[program]),
    ),
  ]
  if (missing.length > 0) return `It needs ${missing.join(", ")}: apt-get install ${missing.join(" ")}`
  const { status, stderr } = spawnSync("unshare", ["--net", "nft", "list", "ruleset"], { encoding: "utf8" })
  return status === 0 ? undefined : `It cannot make a network namespace with a firewall here: ${stderr.trim()}`
}

const reason = obstacle()
if (reason !== undefined) {
  console.error(reason)
  process.exit(3)
}

// The scenario is in a network namespace of its own, which is gone when its last process is. It ends, too, if this process is killed.
const scenario = [process.execPath, path.join(import.meta.dirname, "scenario.mjs")]
const child = spawn("setpriv", ["--pdeathsig", "TERM", "unshare", "--net", ...scenario], { stdio: "inherit" })
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
const [code] = await once(child, "exit")
process.exitCode = code ?? 1
