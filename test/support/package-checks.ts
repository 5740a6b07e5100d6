// What the tools say of a tarball that package authors check theirs with.

import { readFileSync } from "node:fs"

import { unpack } from "./packed.js"
import { loadToolchain } from "./toolchains.js"

/** What publint says, to its last suggestion. The tarball is unpacked into the folder. */
export async function publintMessages(tarball: string, folder: string): Promise<{ code: string; path: string[] }[]> {
  await unpack(tarball, folder)
  const { publint } = await loadToolchain<{
    publint(options: object): Promise<{ messages: { code: string; path: string[] }[] }>
  }>("publint")
  return (await publint({ pkgDir: folder, level: "suggestion", strict: true, pack: false })).messages
}

interface CheckedTypes {
  types: unknown
  entrypoints: object
  problems: { kind: string; resolutionKind?: string }[]
}

/** What arethetypeswrong says. */
export async function checkedTypes(tarball: string): Promise<CheckedTypes> {
  const { checkPackage, createPackageFromTarballData } = await loadToolchain<{
    checkPackage(data: unknown): Promise<CheckedTypes>
    createPackageFromTarballData(tarball: Uint8Array): unknown
  }>("@arethetypeswrong/core")
  return checkPackage(createPackageFromTarballData(readFileSync(tarball)))
}
