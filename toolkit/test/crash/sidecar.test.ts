// The pod of integrations/kubernetes, made of processes: two network namespaces for the pod and the hub, and for each container a mount namespace
// with a read-only root, a user who is not root, and the volumes of the Deployment.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { generateKeyPair } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"
import { parse } from "yaml"
import { networkFor } from "../link/lossy-network.js"
import { command, linesOf, temporaryFolder, until } from "../relay/support.js"

const root = resolve(import.meta.dirname, "../../..")
const integration = join(root, "integrations/kubernetes")
const user = 10001

/** A program in a container. Of its file system it can write to the volumes only. */
class Container {
  readonly child: ChildProcess
  output = ""
  errors = ""

  constructor(namespace: string[], volumes: string[], program: string[], env: Record<string, string>) {
    const script = [
      "set -e",
      "mount --make-rprivate /",
      ...volumes.map((volume) => `mount --bind "${volume}" "${volume}"`),
      "mount -o remount,bind,ro /",
      `exec setpriv --reuid ${user} --regid ${user} --clear-groups --no-new-privs --bounding-set=-all "$@"`,
    ].join("\n")
    const [file = "", ...args] = [...namespace, "unshare", "--mount", "sh", "-c", script, "sh", ...program]
    this.child = spawn(file, args, { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "pipe"] })
    onTestFinished(() => void this.child.kill("SIGKILL"))
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.output += text
    })
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.errors += text
    })
  }

  /** The whole lines that it has printed. */
  get lines(): string[] {
    return this.output.split("\n").slice(0, -1)
  }

  async logged(text: string): Promise<void> {
    await until(() => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(this.errors)
      return this.errors.includes(text)
    })
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exited = once(this.child, "exit")
    this.child.kill(signal)
    const [code] = await exited
    return code as number | null
  }
}

/** A pod and a hub that it sends to. */
async function pod(skip: (note: string) => never) {
  const network = await networkFor("the sidecar", 1, skip)
  const folder = temporaryFolder()
  chmodSync(folder, 0o755)
  const at = (name: string) => join(folder, name)
  for (const name of ["run", "store", "secret", "hub", "hub/clients", "app"]) mkdirSync(at(name), { mode: 0o755 })
  for (const name of ["run", "store"]) chownSync(at(name), user, user)
  const keys = { hub: generateKeyPair({ name: "hub" }), edge: generateKeyPair({ name: "shop" }) }
  await keys.hub.save(at("hub/hub.key"))
  await keys.edge.public.save(at("hub/clients/edge.key"))
  await keys.edge.save(at("edge.key"))
  // As a Secret is mounted for a group: by links, and readable for it.
  mkdirSync(at("secret/..data"), { mode: 0o755 })
  copyFileSync(at("edge.key_secret"), at("secret/..data/edge.key_secret"))
  copyFileSync(at("hub/hub.key"), at("secret/..data/hub.key"))
  for (const name of ["edge.key_secret", "hub.key"]) {
    chownSync(at(`secret/..data/${name}`), 0, user)
    chmodSync(at(`secret/..data/${name}`), 0o440)
    symlinkSync(`..data/${name}`, at(`secret/${name}`))
  }
  const config = readFileSync(join(integration, "base/relay.yaml"), "utf8")
    .replaceAll("/run/ohmq", at("run"))
    .replaceAll("/var/lib/ohmq", at("store"))
    .replace("ohmq-hub:5570", "10.77.0.2:5570")
  writeFileSync(at("relay.yaml"), config)
  writeFileSync(
    at("hub/relay.yaml"),
    `version: 1
store: { path: ./data }
sources:
  edges: { type: link, bind: "tcp://10.77.0.2:5570", security: { cert: ./hub.key_secret, clients: ./clients } }
routes: [{ name: all, from: [edges], to: [archive] }]
sinks: { archive: { type: file, path: ./events.ndjson } }
`,
  )
  // The programs, where a user who is not root can read them.
  mkdirSync(at("app/node_modules"))
  symlinkSync(root, at("app/node_modules/ohmq"))
  symlinkSync(join(root, "toolkit"), at("app/node_modules/ohmq-toolkit"))
  copyFileSync(join(integration, "app.mjs"), at("app/app.mjs"))
  const node = process.execPath
  return {
    network,
    at,
    hub: () => {
      const [file = "", ...args] = [...network.two, node, command, "relay", "run"]
      const child = spawn(file, args, { cwd: at("hub"), stdio: "ignore" })
      onTestFinished(() => void child.kill("SIGKILL"))
      return child
    },
    sidecar: () =>
      new Container(network.one, [at("run"), at("store")], ["sh", join(integration, "start.sh")], {
        OHMQ_KEYS: at("run/keys"),
        OHMQ_SECRET: at("secret"),
        OHMQ_CONFIG: at("relay.yaml"),
        OHMQ_COMMAND: command,
      }),
    app: () =>
      new Container(network.one, [at("run")], [node, at("app/app.mjs")], {
        OHMQ_ENDPOINT: `ipc://${at("run")}/relay.sock`,
        OHMQ_EVERY: "1",
      }),
    /** Runs a probe in the pod, with the programs of BusyBox, which the image has, and ends it after some seconds. Resolves to its exit code. */
    probe: async (name: string, seconds = 5) => {
      const timed = ["timeout", "-s", "KILL", String(seconds), "busybox", ...(probes[name] ?? [])]
      const [file = "", ...args] = [...network.one, ...timed]
      const [code, signal] = await once(spawn(file, args, { stdio: "ignore" }), "exit")
      return (code ?? signal) as number | string
    },
    delivered: () => (existsSync(at("hub/events.ndjson")) ? linesOf(at("hub/events.ndjson")) : []),
  }
}

const takes = "The relay takes events"

const [container] = parse(readFileSync(join(integration, "base/deployment.yaml"), "utf8")).spec.template.spec
  .initContainers
/** The commands of the probes. */
const probes: Record<string, string[]> = Object.fromEntries(
  ["startupProbe", "readinessProbe", "livenessProbe"].map((name) => [name, container[name].exec.command]),
)

describe("The sidecar of integrations/kubernetes", () => {
  it("brings all that the application was told is stored to the hub, whatever is killed", {
    timeout: 90_000,
  }, async ({ skip }) => {
    const { hub, sidecar, app, delivered } = await pod(skip)
    hub()
    // The application may be there first.
    const apps = [app()]
    let relay = sidecar()
    await relay.logged(takes)
    const count = () => apps.reduce((sum, { lines }) => sum + lines.length, 0)
    const more = async () => {
      const before = count()
      await until(() => count() > before + 50)
    }
    await more()
    for (let round = 0; round < 2; round++) {
      await relay.end("SIGKILL")
      relay = sidecar()
      await more()
      await apps.at(-1)?.end("SIGKILL")
      apps.push(app())
      await more()
    }
    // Kubernetes ends the application first, then the sidecar.
    expect(await apps.at(-1)?.end("SIGTERM")).toBe(0)
    expect(await relay.end("SIGTERM")).toBe(0)
    const ids = delivered().map(({ id }) => id)
    const lost = apps.flatMap(({ lines }) => lines).filter((id) => !ids.includes(id))
    expect(lost).toEqual([])
    expect(new Set(delivered().map(({ ohmqsender }) => ohmqsender))).toEqual(new Set(["shop"]))
    // There twice is only what an application has sent again, because a kill took the answer, or it was late.
    const repeated = ids.filter((id, index) => ids.indexOf(id) !== index)
    const sentAgain = apps.flatMap(({ errors }) =>
      [...errors.matchAll(/No answer about (\S+) yet/g)].map(([, id]) => id),
    )
    expect(repeated.filter((id) => !sentAgain.includes(id))).toEqual([])
  })

  it("drains within the grace period what has waited for the hub", { timeout: 90_000 }, async ({ skip }) => {
    const { network, hub, sidecar, app, delivered } = await pod(skip)
    hub()
    const relay = sidecar()
    await relay.logged(takes)
    const application = app()
    await until(() => delivered().length > 20)
    network.set(1)
    const before = application.lines.length
    await until(() => application.lines.length > before + 200)
    expect(await application.end("SIGTERM")).toBe(0)
    const since = performance.now()
    const ended = relay.end("SIGTERM")
    await wait(500)
    network.set(0)
    expect(await ended).toBe(0)
    expect(performance.now() - since).toBeLessThan(20_000)
    const ids = new Set(delivered().map(({ id }) => id))
    expect(application.lines.filter((id) => !ids.has(id))).toEqual([])
  })

  it("is started, ready and alive for the probes of the Deployment, and not when it does not answer", {
    timeout: 90_000,
  }, async ({ skip }) => {
    const { sidecar, probe } = await pod(skip)
    for (const name of Object.keys(probes)) expect(await probe(name), name).not.toBe(0)
    const relay = sidecar()
    await relay.logged(takes)
    // The hub is away: the relay stores.
    for (const name of Object.keys(probes)) expect(await probe(name), name).toBe(0)
    relay.child.kill("SIGSTOP")
    expect(await probe("livenessProbe", 1)).not.toBe(0)
    relay.child.kill("SIGCONT")
    await until(async () => (await probe("livenessProbe")) === 0)
    expect(await relay.end("SIGTERM")).toBe(0)
    expect(await probe("readinessProbe")).not.toBe(0)
  })

  it("writes to its volumes only, as a user who is not root, and keeps its keys to itself", {
    timeout: 60_000,
  }, async ({ skip }) => {
    const { sidecar, at, network } = await pod(skip)
    const relay = sidecar()
    await relay.logged(takes)
    const status = readFileSync(`/proc/${relay.child.pid}/status`, "utf8")
    expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    const probe = new Container(
      network.one,
      [at("run")],
      ["sh", "-c", `stat -c %a "$0"/keys/edge.key_secret "$0"/relay.sock; touch "$0"/a; touch /tmp/a`, at("run")],
      {},
    )
    await once(probe.child, "close")
    expect(probe.lines).toEqual(["400", "700"])
    expect(probe.errors).toMatch(/^touch: .*'\/tmp\/a': Read-only file system\n$/)
    expect(await relay.end("SIGTERM")).toBe(0)
  })
})
