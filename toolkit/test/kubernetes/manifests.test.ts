import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { Deployment, StatefulSet } from "kubernetes-models/apps/v1"
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1"
import { Service } from "kubernetes-models/v1"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { ohmq, temporaryFolder } from "../relay/support.js"
import { type Kustomization, type Manifest, podOf, readKustomization } from "./kustomize.js"
import { deployable } from "./readme.js"

const folder = resolve(import.meta.dirname, "../../../integrations/kubernetes")
const [base, hub] = ["base", "hub"].map((name) => readKustomization(join(folder, name))) as [
  Kustomization,
  Kustomization,
]
const relayOf = ({ generated }: Kustomization) =>
  parse(readFileSync(generated.find(({ name }) => name.endsWith("relay"))?.files["relay.yaml"] ?? "", "utf8"))
const objectOf = ({ objects }: Kustomization, kind: string) => objects.find((object) => object.kind === kind)
const containersOf = (one: Kustomization) => {
  const { initContainers = [], containers } = podOf(one).spec
  return [...initContainers, ...containers]
}
const portOf = (endpoint: string) => Number(/:(\d+)$/.exec(endpoint)?.[1])

/** The steps of the README are for a shell. */
const isWindows = process.platform === "win32"

const models = { Deployment, StatefulSet, NetworkPolicy, Service }
/** Throws unless an object fits the schema of its kind. */
const validate = (object: Manifest) => new models[object.kind as keyof typeof models](object).validate()

describe("integrations/kubernetes", () => {
  it("fits the schemas of Kubernetes", () => {
    for (const object of [...base.objects, ...hub.objects]) validate(object)
    expect([...base.objects, ...hub.objects].map(({ kind }) => kind).sort()).toEqual([
      "Deployment",
      "NetworkPolicy",
      "NetworkPolicy",
      "Service",
      "StatefulSet",
    ])
    // The schemas find what is wrong.
    const mistakes: [Kustomization, string, (object: Manifest) => void, string][] = [
      [base, "Deployment", (it) => (it.spec.template.spec.initContainers[0].restartPolicy = 1), "restartPolicy"],
      [hub, "StatefulSet", (it) => (it.spec.volumeClaimTemplates[0].spec.accessModes = "ReadWriteOnce"), "accessModes"],
      [hub, "StatefulSet", (it) => delete it.spec.selector, "selector"],
      [hub, "Service", (it) => (it.spec.ports[0].port = "link"), "port"],
      [hub, "NetworkPolicy", (it) => (it.spec.ingress[0].from[0].podSelector.matchLabels = ["shop"]), "matchLabels"],
    ]
    for (const [where, kind, spoil, what] of mistakes) {
      const object = structuredClone(objectOf(where, kind))
      spoil(object)
      expect(() => validate(object), what).toThrow(what)
    }
  })

  it("leaves the relays and the application time to end", () => {
    for (const one of [base, hub]) {
      const { terminationGracePeriodSeconds, initContainers, containers } = podOf(one).spec
      const [relay] = initContainers ?? containers
      const drain = relay.env.find(({ name }: { name: string }) => name === "OHMQ_DRAIN").value
      expect(drain).toMatch(/^\d+s$/)
      expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number.parseInt(drain, 10) + 10)
      // It would need `sleep` in the image.
      for (const { lifecycle } of containersOf(one)) expect(lifecycle).toBeUndefined()
    }
  })

  it.skipIf(isWindows)("gives sinks that fail time at the end only where the store is gone with the pod", () => {
    const at = temporaryFolder()
    mkdirSync(join(at, "secret"))
    writeFileSync(join(at, "secret/key"), "")
    writeFileSync(join(at, "arguments.mjs"), "console.log(process.argv.slice(2).join(' '))")
    const run = (one: Kustomization) => {
      const [{ env }] = containersOf(one)
      const values = env.map(({ name, value }: { name: string; value: string }) => [name, value])
      return execFileSync("sh", [join(folder, "start.sh")], {
        env: {
          PATH: process.env.PATH,
          ...Object.fromEntries(values),
          OHMQ_KEYS: join(at, "keys"),
          OHMQ_SECRET: join(at, "secret"),
          OHMQ_COMMAND: join(at, "arguments.mjs"),
        },
        encoding: "utf8",
      })
    }
    expect(run(base)).toBe("relay run /etc/ohmq/relay.yaml --drain 20s --drain-failing\n")
    expect(podOf(base).spec.volumes).toContainEqual({ name: "store", emptyDir: expect.anything() })
    expect(run(hub)).toBe("relay run /etc/ohmq/relay.yaml --drain 20s\n")
  })

  it("mounts only what there is, and runs nobody as root", () => {
    for (const one of [base, hub]) {
      const { workload, spec } = podOf(one)
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 10001,
        fsGroup: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      })
      expect(spec.automountServiceAccountToken).toBe(false)
      const claims = (workload.spec.volumeClaimTemplates ?? []).map(
        ({ metadata }: { metadata: { name: string } }) => metadata.name,
      )
      const names = [...spec.volumes.map(({ name }: { name: string }) => name), ...claims]
      for (const { volumeMounts, securityContext, resources } of containersOf(one)) {
        for (const { name } of volumeMounts) expect(names).toContain(name)
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        })
        expect(resources.limits.memory).toMatch(/^\d+Mi$/)
      }
    }
  })

  it("has one port for the link, and one for metrics, in configurations, Service, policies and probes", () => {
    const [sidecar, relay] = [relayOf(base), relayOf(hub)]
    const link = portOf(relay.sources.edges.bind)
    const metrics = portOf(relay.http.listen)
    const { name, labels } = podOf(hub).workload.metadata
    const [container] = containersOf(hub)
    const ports = Object.fromEntries(
      container.ports.map(({ name, containerPort }: { name: string; containerPort: number }) => [name, containerPort]),
    )
    expect(ports).toEqual({ link, metrics })
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
      expect(ports[container[probe].httpGet.port], probe).toBe(metrics)
    expect(podOf(hub).template.metadata.annotations["prometheus.io/port"]).toBe(String(metrics))

    const service = objectOf(hub, "Service")
    expect(service.spec.ports).toEqual([
      { name: "link", port: link, targetPort: "link" },
      { name: "metrics", port: metrics, targetPort: "metrics" },
    ])
    expect(service.spec.selector).toEqual(podOf(hub).template.metadata.labels)
    expect(podOf(hub).workload.spec.serviceName).toBe(service.metadata.name)
    // The sidecar connects to the Service, by its name.
    expect(sidecar.sinks.hub.connect).toBe(`tcp://${service.metadata.name}:${link}`)

    const [links, scraped] = objectOf(hub, "NetworkPolicy").spec.ingress
    expect(objectOf(hub, "NetworkPolicy").spec.podSelector.matchLabels).toEqual(labels)
    expect(links.ports).toEqual([{ protocol: "TCP", port: link }])
    expect(scraped.ports).toEqual([{ protocol: "TCP", port: metrics }])
    expect(objectOf(hub, "NetworkPolicy").spec.ingress).toHaveLength(2)
    // Who is let in is named, and the sidecar's pod is one of them.
    for (const { from } of [links, scraped]) {
      expect(from).toHaveLength(1)
      expect(Object.keys(from[0].podSelector.matchLabels)).not.toEqual([])
    }
    expect(podOf(base).template.metadata.labels).toMatchObject(links.from[0].podSelector.matchLabels)
    // And the sidecar's policy lets it out to the hub.
    const { egress, ingress } = objectOf(base, "NetworkPolicy").spec
    expect(egress).toContainEqual({ to: [{ podSelector: { matchLabels: labels } }], ports: links.ports })
    expect(name).toBe(labels["app.kubernetes.io/name"])
    expect(ingress).toEqual([])
    // The sidecar's probes ask where it listens: on loopback, where nobody else is.
    const [own] = podOf(base).spec.initContainers
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
      expect(own[probe].exec.command.at(-1)).toContain(`http://${sidecar.http.listen}/`)
    expect(sidecar.http.listen).toMatch(/^127\.0\.0\.1:/)
  })

  it("has room on its volumes for what it writes", () => {
    const bytes = (size: string) => {
      const [, count, unit = ""] = /^(\d+)(Mi|Gi)B?$/.exec(size) ?? []
      return Number(count) * ({ Mi: 2 ** 20, Gi: 2 ** 30 }[unit] ?? Number.NaN)
    }
    const { store, sinks } = relayOf(hub)
    const { maxBytes, keep } = sinks.archive
    const [claim] = podOf(hub).workload.spec.volumeClaimTemplates
    // A store takes a quarter more for dead letters.
    const storeBytes = (maxBytes: string) => bytes(maxBytes) * 1.25
    expect(storeBytes(store.maxBytes) + (keep + 1) * bytes(maxBytes)).toBeLessThan(
      bytes(claim.spec.resources.requests.storage),
    )
    const volume = podOf(base).spec.volumes.find(({ name }: { name: string }) => name === "store")
    expect(storeBytes(relayOf(base).store.maxBytes)).toBeLessThan(bytes(volume.emptyDir.sizeLimit))
  })

  it.skipIf(isWindows)(
    "has overlays whose names of images, ConfigMaps and Secrets are those of the pods, and whose files the README makes",
    async () => {
      const copy = await deployable(temporaryFolder())
      for (const overlay of ["example", "hub"]) {
        const one = readKustomization(join(copy, "overlays", overlay))
        const { spec } = podOf(one)
        const referred = spec.volumes.flatMap(
          ({ configMap, secret }: { configMap?: { name: string }; secret?: { secretName: string } }) =>
            configMap ? [`ConfigMap ${configMap.name}`] : secret ? [`Secret ${secret.secretName}`] : [],
        )
        expect(one.generated.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual(referred.sort())
        const images = new Set(containersOf(one).map(({ image }) => image))
        expect(new Set(one.images.map(({ name }) => name))).toEqual(images)
        expect(one.namespace).toBe("shop")
        for (const { files } of one.generated)
          for (const file of Object.values(files)) expect(existsSync(file), file).toBe(true)
        // A file that is mounted alone is one of its volume's.
        for (const { volumeMounts } of containersOf(one))
          for (const { name, subPath } of volumeMounts) {
            const volume = spec.volumes.find((volume: { name: string }) => volume.name === name)
            const source = one.generated.find((generated) => generated.name === volume?.configMap?.name)
            if (subPath !== undefined) expect(Object.keys(source?.files ?? {})).toContain(subPath)
          }
        // What the configuration reads is in what is mounted, or what start.sh makes of it.
        const { cert, serverKey, clients } = (relayOf(one).sinks.hub ?? relayOf(one).sources.edges).security
        const secret = one.generated.find(({ kind }) => kind === "Secret")?.files ?? {}
        for (const file of [cert, serverKey]) {
          if (file === undefined) continue
          expect(file).toMatch(/^\/run\/ohmq\/keys\/[\w.]+$/)
          expect(Object.keys(secret)).toContain(file.slice("/run/ohmq/keys/".length))
        }
        if (clients !== undefined)
          expect(containersOf(one)[0].volumeMounts).toContainEqual({
            name: "clients",
            mountPath: clients,
            readOnly: true,
          })
      }
    },
  )

  it.skipIf(isWindows)("has configurations that the relay accepts", async () => {
    const copy = await deployable(temporaryFolder())
    const overlays = join(copy, "overlays")
    for (const [name, keys] of [
      ["base", join(overlays, "example/keys")],
      ["hub", join(overlays, "hub/keys")],
    ] as const) {
      const file = join(copy, name, "relay.yaml")
      // The files are where the pod has them later.
      const here = readFileSync(file, "utf8")
        .replaceAll("/run/ohmq/keys", keys)
        .replaceAll("/etc/ohmq/clients", join(overlays, "hub/clients"))
      writeFileSync(file, here)
      expect(ohmq(join(copy, name), "relay", "check")).toMatchObject({ status: 0, stderr: "" })
    }
  })
})
