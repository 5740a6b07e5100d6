// What is inside a prebuilt addon: a CycloneDX 1.6 document beside it. The same build writes the same bytes: no time, no random number.

import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { toolchain } from "./pins.mjs"
import { inProject, readJson } from "./project.mjs"

const require = createRequire(import.meta.url)

export const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex")

/** libzmq changed its licence with 4.3.5. */
const libzmqLicence = (version) =>
  version.localeCompare("4.3.5", "en", { numeric: true }) < 0 ? "LGPL-3.0-or-later WITH ZeroMQ-exception" : "MPL-2.0"

const licences = (text) => (text.includes("ZeroMQ-exception") ? [{ license: { name: text } }] : [{ expression: text }])

function component(name, version, licence, { url, sha256: hash, patches, mended = [], publisher, purl }) {
  return {
    type: "library",
    "bom-ref": name,
    ...(publisher ? { publisher } : {}),
    name,
    version,
    scope: "required",
    licenses: licences(licence),
    ...(purl ? { purl } : {}),
    ...(url
      ? { externalReferences: [{ type: "distribution", url, hashes: [{ alg: "SHA-256", content: hash }] }] }
      : {}),
    ...(mended.length > 0
      ? {
          pedigree: {
            patches: mended.map((description) => ({ type: "unofficial", resolves: [{ type: "defect", description }] })),
          },
        }
      : {}),
    ...(patches ? { properties: [{ name: "ohmq:patched-as", value: patches }] } : {}),
  }
}

/** What zig links in of its own. */
function runtime(target) {
  const compiler = { url: toolchain.url, sha256: toolchain.sha256 }
  return [
    ...["libc++", "libc++abi", "libunwind"].map((library) =>
      component(library, toolchain.llvm, "Apache-2.0 WITH LLVM-exception", {
        ...compiler,
        publisher: "The LLVM project",
      }),
    ),
    component("compiler-rt of zig", toolchain.version, "MIT", { ...compiler, publisher: "The zig authors" }),
    target.libc === "glibc"
      ? component("libc_nonshared of glibc", target.glibc, "LGPL-2.1-or-later", {
          ...compiler,
          publisher: "The GNU project",
        })
      : component("start files of musl", "1.2.4", "MIT", { ...compiler, publisher: "The musl authors" }),
  ]
}

/** The document, for an addon of these archives. */
function bom(target, versions, archives) {
  const { name, version, license } = readJson(inProject("package.json"))
  const hash = sha256(inProject(target.addon))
  const napi = require("node-addon-api/package.json")
  const parts = [
    component("libzmq", versions.libzmq, libzmqLicence(versions.libzmq), {
      ...archives.libzmq,
      publisher: "The ZeroMQ authors",
      purl: `pkg:github/zeromq/libzmq@v${versions.libzmq}`,
    }),
    component("libsodium", versions.libsodium, "ISC", {
      ...archives.libsodium,
      publisher: "Frank Denis",
      purl: `pkg:github/jedisct1/libsodium@${versions.libsodium}`,
    }),
    component("node-addon-api", napi.version, "MIT", { purl: `pkg:npm/node-addon-api@${napi.version}` }),
    ...(target.zig ? runtime(target) : []),
  ]
  const compiler = {
    type: "application",
    name: "zig",
    version: toolchain.version,
    properties: [{ name: "ohmq:tree-sha256", value: toolchain.tree }],
  }
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuid}`,
    version: 1,
    metadata: {
      ...(target.zig ? { tools: { components: [compiler] } } : {}),
      component: {
        type: "library",
        "bom-ref": "addon",
        name: path.posix.basename(target.addon),
        version,
        description: `The native addon of ${name} for ${target.name}`,
        hashes: [{ alg: "SHA-256", content: hash }],
        licenses: licences(license),
        purl: `pkg:npm/${name}@${version}`,
        properties: [
          { name: "ohmq:target", value: target.name },
          ...(target.glibc ? [{ name: "ohmq:glibc", value: target.glibc }] : []),
        ],
      },
    },
    components: parts,
    dependencies: [
      { ref: "addon", dependsOn: parts.map((part) => part["bom-ref"]) },
      { ref: "libzmq", dependsOn: ["libsodium"] },
    ],
  }
}

/** Writes the document beside the addon. */
export function writeBom(target, versions, archives) {
  writeFileSync(inProject(target.sbom), `${JSON.stringify(bom(target, versions, archives), undefined, 2)}\n`)
}
