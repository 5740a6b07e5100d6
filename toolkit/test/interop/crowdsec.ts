// CrowdSec, with a configuration of its own and nothing of the internet: Debian's package crowdsec, unpacked. It is not installed, because it
// then wants to register with its makers.

import { execFileSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { onTestFinished } from "vitest"
import { freePort, temporaryFolder } from "../relay/support.js"
import { Daemon, isListening } from "./daemons.js"

/** What the example has for CrowdSec. */
export const example = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../../examples/soar/crowdsec", name), "utf8")

/** Where the package is: what `dpkg-deb -x` has made, or the root of a machine that has it installed. */
function packageRoot(): string {
  const root = process.env.CROWDSEC ?? "/"
  if (process.getuid?.() !== 0) throw new Error("CrowdSec starts its plugins as another user, which only root can")
  if (existsSync(join(root, "usr/bin/crowdsec"))) return root
  throw new Error(
    `${join(root, "usr/bin/crowdsec")} is not there: unpack Debian's package crowdsec (apt-get download crowdsec, dpkg-deb -x), and name the folder in CROWDSEC`,
  )
}

interface Decision {
  value: string
  simulated: boolean
}

export interface CrowdSec {
  /** All that it has said. */
  said(): string
  /** Somebody at an address fails to log in, again and again, until CrowdSec has decided. Resolves to the decision. */
  attack(address: string): Promise<Decision>
  /** Runs cscli, and returns what it printed. */
  cscli(...args: string[]): string
}

/** Parsers and scenarios, as they are in the package's copy of the hub. */
const items = [
  "parsers/s00-raw/crowdsecurity/syslog-logs.yaml",
  "parsers/s01-parse/crowdsecurity/sshd-logs.yaml",
  "parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml",
  "scenarios/crowdsecurity/ssh-bf.yaml",
]

/** Starts a CrowdSec that reads the log of an sshd, and tells a responder of what it decides, as the example configures that. */
export async function crowdSec(url: string, token: string, simulation = false): Promise<CrowdSec> {
  const root = packageRoot()
  const folder = temporaryFolder()
  const inFolder = (name: string) => join(folder, name)
  const hub = join(root, "usr/share/crowdsec/hub")
  const port = await freePort()
  const write = (name: string, text: string) => writeFileSync(inFolder(name), text)
  for (const name of ["data", "plugins", "notifications"]) mkdirSync(inFolder(name))

  for (const item of items) {
    const [kind, ...rest] = item.split("/") as [string, ...string[]]
    const place = join(folder, kind, ...(kind === "parsers" ? rest.slice(0, 1) : []))
    mkdirSync(place, { recursive: true })
    symlinkSync(join(hub, item), join(place, item.split("/").at(-1) as string))
  }
  symlinkSync(join(root, "etc/crowdsec/patterns"), inFolder("patterns"))

  // CrowdSec looks for plugins by this name, which is not the one in Debian's package, and runs it as nobody, who must get here.
  copyFileSync(join(root, "usr/lib/crowdsec/plugins/http"), inFolder("plugins/notification-http"))
  chmodSync(folder, 0o711)

  const notification = example("http.yaml")
    .replace(/^url: .*$/m, `url: ${url}`)
    .replace("WHAT-IS-IN-alerts.token", token)
  write("notifications/http.yaml", notification)
  write("profiles.yaml", example("profiles.yaml"))
  write("simulation.yaml", `simulation: ${simulation}\n`)
  write("acquis.yaml", `filenames: [${inFolder("auth.log")}]\nlabels: { type: syslog }\n`)
  write("auth.log", "")
  write(
    "config.yaml",
    `common: { daemonize: false, log_media: stdout, log_level: info }
config_paths:
  config_dir: ${folder}
  data_dir: ${inFolder("data")}
  simulation_path: ${inFolder("simulation.yaml")}
  hub_dir: ${hub}
  index_path: ${join(hub, ".index.json")}
  notification_dir: ${inFolder("notifications")}
  plugin_dir: ${inFolder("plugins")}
crowdsec_service: { acquisition_path: ${inFolder("acquis.yaml")}, parser_routines: 1 }
cscli: { output: json }
db_config: { type: sqlite, db_path: ${inFolder("data/crowdsec.db")}, use_wal: true }
plugin_config: { user: nobody, group: nogroup }
api:
  client: { credentials_path: ${inFolder("credentials.yaml")} }
  server: { listen_uri: "127.0.0.1:${port}", profiles_path: ${inFolder("profiles.yaml")} }
prometheus: { enabled: false }
`,
  )

  // Plugins put their sockets there.
  mkdirSync(inFolder("run"))
  chmodSync(inFolder("run"), 0o777)
  const env = { TMPDIR: inFolder("run") }
  const config = ["-c", inFolder("config.yaml")]
  const cscli = (...args: string[]) =>
    execFileSync(join(root, "usr/bin/cscli"), [...config, ...args], {
      env: { ...process.env, ...env },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    })
  cscli("machines", "add", "gateway", "--auto", "--file", inFolder("credentials.yaml"))
  // It leaves its plugins running. Here they end with it, since it is the first process of a namespace; unshare itself ignores SIGTERM.
  const alone = ["--pid", "--fork", "--kill-child"]
  const daemon = new Daemon("unshare", [...alone, join(root, "usr/bin/crowdsec"), ...config], env)
  onTestFinished(() => daemon.end("SIGKILL"))
  await daemon.until(async () => daemon.said.includes("Starting processing data") && (await isListening(port)))

  return {
    said: () => daemon.said,
    cscli,
    attack: async (address) => {
      // It begins to read at some moment, at the end that the log then has.
      await daemon.until(() => {
        const time = new Date().toUTCString().replace(/^\w+, (\d+) (\w+) \d+ ([\d:]+) GMT$/, "$2 $1 $3")
        const line = `${time} gateway sshd[42]: Failed password for invalid user admin from ${address} port 4242 ssh2\n`
        appendFileSync(inFolder("auth.log"), line)
        return daemon.said.includes(`crowdsecurity/ssh-bf by ip ${address} : `)
      })
      const alerts = JSON.parse(cscli("alerts", "list", "--ip", address)) as { decisions: Decision[] }[]
      const [decision] = alerts[0]?.decisions ?? []
      if (alerts.length !== 1 || decision === undefined) throw new Error(`Not one decision: ${JSON.stringify(alerts)}`)
      return decision
    },
  }
}
