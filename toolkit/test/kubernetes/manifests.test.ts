import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Deployment } from "kubernetes-models/apps/v1"
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"

const folder = resolve(import.meta.dirname, "../../../integrations/kubernetes")
const manifest = (name: string) => parse(readFileSync(join(folder, name), "utf8"))

describe("integrations/kubernetes", () => {
  it("fits the schemas of Kubernetes", () => {
    const deployment = manifest("base/deployment.yaml")
    new Deployment(deployment).validate()
    new NetworkPolicy(manifest("base/network-policy.yaml")).validate()
    deployment.spec.template.spec.initContainers[0].restartPolicy = 1
    expect(() => new Deployment(deployment).validate()).toThrow("restartPolicy")
  })

  it("leaves the relay and the application time to end", () => {
    const { terminationGracePeriodSeconds, initContainers, containers } =
      manifest("base/deployment.yaml").spec.template.spec
    const drain = initContainers[0].env.find(({ name }: { name: string }) => name === "OHMQ_DRAIN").value
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number.parseInt(drain, 10) + 10)
    // It would need `sleep` in the image of the application.
    expect(containers[0].lifecycle).toBeUndefined()
  })

  it("mounts only what there is, and runs nobody as root", () => {
    const { volumes, initContainers, containers, securityContext } = manifest("base/deployment.yaml").spec.template.spec
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001 })
    const names = volumes.map(({ name }: { name: string }) => name)
    for (const { volumeMounts, securityContext, resources } of [...initContainers, ...containers]) {
      for (const { name } of volumeMounts) expect(names).toContain(name)
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      })
      expect(resources.limits.memory).toMatch(/^\d+Mi$/)
    }
  })
})
