// What is in a folder of integrations/kubernetes, as kustomize puts it together, but without rewriting names.

import { readFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { parse } from "yaml"

// biome-ignore lint/suspicious/noExplicitAny: an object of any kind, which the schemas of Kubernetes check
export type Manifest = any

/** A ConfigMap or Secret that kustomize makes of files. */
export interface Generated {
  kind: "ConfigMap" | "Secret"
  name: string
  /** Where each of its files comes from, by its key. */
  files: Record<string, string>
}

export interface Kustomization {
  objects: Manifest[]
  generated: Generated[]
  images: { name: string; newName: string; newTag: string }[]
  namespace: string | undefined
}

interface Generator {
  name: string
  files: string[]
}

/** Reads a kustomization, and those that it is based on. */
export function readKustomization(folder: string): Kustomization {
  // By YAML 1.1, as Kubernetes reads it: 0400 is octal.
  const read = (file: string) => parse(readFileSync(join(folder, file), "utf8"), { version: "1.1" })
  const own = read("kustomization.yaml")
  const generate = (kind: Generated["kind"], generators: Generator[] = []) =>
    generators.map(({ name, files }) => ({
      kind,
      name,
      files: Object.fromEntries(files.map((file) => [basename(file), resolve(folder, file)])),
    }))
  const result: Kustomization = {
    objects: [],
    generated: [...generate("ConfigMap", own.configMapGenerator), ...generate("Secret", own.secretGenerator)],
    images: own.images ?? [],
    namespace: own.namespace,
  }
  for (const resource of own.resources as string[]) {
    if (resource.endsWith(".yaml")) result.objects.push(read(resource))
    else {
      const base = readKustomization(join(folder, resource))
      result.objects.push(...base.objects)
      result.generated.push(...base.generated)
    }
  }
  return result
}

/** The pod of the one Deployment or StatefulSet. */
export function podOf({ objects }: Kustomization) {
  const workload = objects.find(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
  return { workload, template: workload.spec.template, spec: workload.spec.template.spec }
}
