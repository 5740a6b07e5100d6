// The pods of integrations/kubernetes, made of processes: a network namespace for each pod, and for each container a mount namespace with a read-only root, a user who is not root, and
// the volumes of the manifests, mounted where these say. So the configurations are used as they are.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { generateKeyPair } from "ohmq/security"
import { onTestFinished } from "vitest"
import { type Kustomization, type Manifest, podOf, readKustomization } from "../kubernetes/kustomize.js"
import { deployable } from "../kubernetes/readme.js"
import { networkFor } from "../link/lossy-network.js"
import { command, linesOf, temporaryFolder, until } from "../relay/support.js"

const root = resolve(import.meta.dirname, "../../..")
const user = 10001

/** Folders of this machine that a container has instead: empty, except for what is mounted below, and a few files of /etc. */
const script = `
set -e
mount --make-rprivate /
for folder in /run /var/lib; do mount -t tmpfs -o mode=755 tmpfs $folder; done
mkdir /run/etc
cp /etc/passwd /etc/group /etc/nsswitch.conf /run/etc/
printf '127.0.0.1 localhost\\n10.77.0.2 ohmq-hub\\n' > /run/etc/hosts
mount --bind /run/etc /etc
while [ "$1" != -- ]; do
  mkdir -p "$(dirname "$2")"
  if [ -d "$1" ]; then mkdir -p "$2"; else touch "$2"; fi
  mount --bind "$1" "$2"
  if [ "$3" = ro ]; then mount -o remount,bind,ro "$2"; fi
  shift 3
done
shift
for folder in / /etc /run /var/lib; do mount -o remount,bind,ro $folder; done
exec setpriv --reuid ${user} --regid ${user} --clear-groups --no-new-privs --bounding-set=-all "$@"`

interface Mount {
  from: string
  to: string
  readOnly: boolean
}

/** A program in a container. Of its file system it can write to the volumes only. */
export class Container {
  readonly child: ChildProcess
  output = ""
  errors = ""

  constructor(namespace: string[], mounts: readonly Mount[], program: string[], env: Record<string, string>) {
    const mounted = mounts.flatMap(({ from, to, readOnly }) => [from, to, readOnly ? "ro" : "rw"])
    const [file = "", ...args] = [
      ...namespace,
      "unshare",
      "--mount",
      "sh",
      "-c",
      script,
      "sh",
      ...mounted,
      "--",
      ...program,
    ]
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

/** The volumes of a pod as folders, by their names. */
function volumesOf(kustomization: Kustomization, folder: string): Record<string, string> {
  const { workload, spec } = podOf(kustomization)
  const volumes: Record<string, string> = {}
  const make = (name: string, mode: number) => {
    volumes[name] = join(folder, name)
    mkdirSync(join(folder, name), { recursive: true })
    // As fsGroup makes them: root's, and the group's.
    chownSync(join(folder, name), 0, user)
    chmodSync(join(folder, name), mode)
    return join(folder, name)
  }
  for (const { name, configMap, secret } of spec.volumes as Manifest[]) {
    const at = make(name, 0o2777)
    if (configMap === undefined && secret === undefined) continue
    // Files are there by links, and readable for the group.
    const source = kustomization.generated.find((one) => one.name === (configMap?.name ?? secret.secretName))
    mkdirSync(join(at, "..data"), { mode: 0o755 })
    for (const [key, file] of Object.entries(source?.files ?? {})) {
      copyFileSync(file, join(at, "..data", key))
      chownSync(join(at, "..data", key), 0, user)
      chmodSync(join(at, "..data", key), (secret?.defaultMode ?? 0o644) | 0o440)
      symlinkSync(join("..data", key), join(at, key))
    }
  }
  for (const { metadata } of (workload.spec.volumeClaimTemplates ?? []) as Manifest[]) make(metadata.name, 0o2775)
  return volumes
}

const mountsOf = (container: Manifest, volumes: Record<string, string>): Mount[] =>
  container.volumeMounts.map(({ name, mountPath, subPath, readOnly }: Manifest) => ({
    from: join(volumes[name] ?? "", subPath ?? ""),
    to: mountPath,
    readOnly: readOnly === true,
  }))

const envOf = (container: Manifest): Record<string, string> =>
  Object.fromEntries(container.env.map(({ name, value }: Manifest) => [name, value]))

/** What the kubelet runs for a probe: a command in the container, or a request from the node. BusyBox has the programs of the image. */
function probeOf(container: Manifest, name: string, address: string): string[] {
  const { exec, httpGet } = container[name]
  if (exec !== undefined) return ["busybox", ...exec.command]
  const { containerPort } = container.ports.find((port: Manifest) => port.name === httpGet.port)
  return ["busybox", "wget", "-q", "-O", "-", `http://${address}:${containerPort}${httpGet.path}`]
}

export const probeNames = ["startupProbe", "readinessProbe", "livenessProbe"] as const

/** The pod of the example, and the hub that its sidecar sends to, which does not know a stranger's certificate. */
export async function pods(skip: (note: string) => never, { isStranger = false } = {}) {
  const network = await networkFor("the sidecar", 1, skip)
  const folder = temporaryFolder()
  chmodSync(folder, 0o755)
  const at = (name: string) => join(folder, name)
  const copy = await deployable(folder)
  if (isStranger) {
    const keys = join(copy, "overlays/example/keys")
    for (const name of ["edge.key", "edge.key_secret"]) rmSync(join(keys, name))
    await generateKeyPair({ name: "shop" }).save(join(keys, "edge.key"))
  }
  const [example, hub] = ["example", "hub"].map((name) => {
    const kustomization = readKustomization(join(copy, "overlays", name))
    const { initContainers = [], containers } = podOf(kustomization).spec
    return { containers: [...initContainers, ...containers], volumes: volumesOf(kustomization, at(`volumes/${name}`)) }
  }) as { containers: Manifest[]; volumes: Record<string, string> }[]
  // The programs, where a user who is not root can read them.
  mkdirSync(at("app/node_modules"), { recursive: true })
  symlinkSync(root, at("app/node_modules/ohmq"))
  symlinkSync(join(root, "toolkit"), at("app/node_modules/ohmq-toolkit"))
  copyFileSync(join(copy, "app.mjs"), at("app/app.mjs"))

  const [relay, app] = example?.containers ?? []
  const [hubRelay] = hub?.containers ?? []
  const relayMounts = mountsOf(relay, example?.volumes ?? {})
  const start = (namespace: string[], container: Manifest, mounts: Mount[]) =>
    new Container(namespace, mounts, ["sh", join(copy, "start.sh")], { ...envOf(container), OHMQ_COMMAND: command })
  const probeIn =
    (namespace: string[], container: Manifest, address: string) =>
    async (name: string, seconds = 5) => {
      const timed = ["timeout", "-s", "KILL", String(seconds), ...probeOf(container, name, address)]
      const [file = "", ...args] = [...namespace, ...timed]
      const [code, signal] = await once(spawn(file, args, { stdio: "ignore" }), "exit")
      return (code ?? signal) as number | string
    }
  const archive = join(hub?.volumes.store ?? "", "events.ndjson")
  return {
    network,
    hub: () => start(network.two, hubRelay, mountsOf(hubRelay, hub?.volumes ?? {})),
    sidecar: () => start(network.one, relay, relayMounts),
    app: () =>
      new Container(network.one, mountsOf(app, example?.volumes ?? {}), [process.execPath, at("app/app.mjs")], {
        ...envOf(app),
        OHMQ_EVERY: "1",
      }),
    /** Runs a command in the container of the sidecar. */
    inSidecar: (...program: string[]) => new Container(network.one, relayMounts, program, {}),
    /** Runs a probe, and ends it after some seconds. Resolves to its exit code. */
    probe: probeIn(network.one, relay, "127.0.0.1"),
    /** The same for the hub, from another address. */
    probeHub: probeIn(network.one, hubRelay, "10.77.0.2"),
    /** What the other pod sees of the metrics of one. */
    metricsOf: (name: "hub" | "sidecar") => {
      const [from, address] = name === "hub" ? [network.one, "10.77.0.2"] : [network.two, "10.77.0.1"]
      const [file = "", ...args] = [...from, "timeout", "5", "busybox", "wget", "-q", "-O", "-"]
      return spawnSync(file, [...args, `http://${address}:9460/metrics`], { encoding: "utf8" }).stdout
    },
    delivered: () => (existsSync(archive) ? linesOf(archive) : []),
  }
}
