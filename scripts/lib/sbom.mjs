// Writes the CycloneDX 1.6 document beside each prebuilt addon. It has no time and no random number, so that equal builds write equal bytes.

import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { readNative } from "./native-addon.mjs"
import { toolchain } from "./pins.mjs"
import { inProject, readJson } from "./project.mjs"

export const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex")

/** libzmq changed its licence with 4.3.5. */
const libzmqLicence = (version) =>
  version.localeCompare("4.3.5", "en", { numeric: true }) < 0 ? "LGPL-3.0-or-later WITH ZeroMQ-exception" : "MPL-2.0"

/** Licences without an SPDX identifier are given by name. */
const licences = (text) => (/ZeroMQ|Microsoft/.test(text) ? [{ license: { name: text } }] : [{ expression: text }])

const distribution = (url, alg, content) => ({ type: "distribution", url, hashes: [{ alg, content }] })

/** The npm package that the lock file pins, with its hash from there. */
function npmDistribution(name) {
  const { version, integrity } = readJson(inProject("package-lock.json")).packages[`node_modules/${name}`]
  const file = `${name.split("/").at(-1)}-${version}.tgz`
  return { version, from: [distribution(`https://registry.npmjs.org/${name}/-/${file}`, ...npmHash(integrity))] }
}

const npmHash = (integrity) => ["SHA-512", Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex")]

const property = (name, value) => ({ name: `ohmq:${name}`, value })

/** The kinds of patches in CycloneDX's terms. */
const issues = { security: "security", crash: "defect", leak: "defect", event: "defect", speed: "enhancement" }

const patch = ({ name, kind, subject, upstream }) => ({
  type: upstream === "not yet" ? "unofficial" : "backport",
  resolves: [
    {
      ...{ type: issues[kind], id: name, name: subject },
      ...(upstream === "not yet" ? {} : { references: [upstream] }),
    },
  ],
})

function component(name, version, licence, { from = [], patches = [], properties = [], publisher, purl }) {
  return {
    type: "library",
    "bom-ref": name,
    ...(publisher ? { publisher } : {}),
    name,
    version,
    scope: "required",
    licenses: licences(licence),
    ...(purl ? { purl } : {}),
    ...(from.length > 0 ? { externalReferences: from } : {}),
    ...(patches.length > 0 ? { pedigree: { patches: patches.map(patch) } } : {}),
    ...(properties.length > 0 ? { properties } : {}),
  }
}

/**
 * The compiler comes from one of two archives. Both unpack to the same files, which the third hash proves, so the document lists both.
 */
const compiler = {
  from: [
    distribution(toolchain.url, "SHA-256", toolchain.sha256),
    distribution(
      toolchain.npm.replace(/^(@[^/]+\/)?(.+)@(.+)$/, "https://registry.npmjs.org/$1$2/-/$2-$3.tgz"),
      ...npmHash(toolchain.integrity),
    ),
  ],
  properties: [property("tree-sha256", toolchain.tree)],
}

/** The libraries that zig links in. */
function zigRuntime(target) {
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

/** What Visual C++ and node-gyp link in: the C and C++ libraries, and the code that finds node.exe. */
function windowsRuntime(file) {
  const { version, from } = npmDistribution("node-gyp")
  return [
    component("runtime of Visual C++", readNative(file).linker ?? "unknown", "Microsoft Software License Terms", {
      publisher: "Microsoft",
    }),
    component("delay-load hook of node-gyp", version, "MIT", { from, purl: `pkg:npm/node-gyp@${version}` }),
  ]
}

/** The components of an addon besides libzmq and libsodium, which do not depend on those. macOS itself provides the C++ library. */
export function fixedComponents(target, file) {
  const { version, from } = npmDistribution("node-addon-api")
  return [
    component("node-addon-api", version, "MIT", { from, purl: `pkg:npm/node-addon-api@${version}` }),
    ...(target.zig ? zigRuntime(target) : []),
    ...(target.platform === "win32" ? windowsRuntime(file) : []),
  ]
}

/** The pinned compiler, as a tool. */
export const zigTool = {
  type: "application",
  name: "zig",
  version: toolchain.version,
  licenses: licences("MIT"),
  externalReferences: compiler.from,
  properties: compiler.properties,
}

/**
 * The document for the addon in `file`. `versions` and `archives` of libzmq and libsodium come from findSources(). `made` has the `tools`,
 * each with type, name and version, and the version of Node's `headers`.
 */
export function bom(target, file, { versions, archives, made }) {
  const { name, version, license } = readJson(inProject("package.json"))
  const hash = sha256(file)
  const source = (library) => {
    const { url, sha256: content, patches: distributed, applied } = archives[library]
    const properties = distributed ? [property("patched-as", distributed)] : []
    return { from: [distribution(url, "SHA-256", content)], patches: applied, properties }
  }
  const parts = [
    component("libzmq", versions.libzmq, libzmqLicence(versions.libzmq), {
      ...source("libzmq"),
      publisher: "The ZeroMQ authors",
      purl: `pkg:github/zeromq/libzmq@v${versions.libzmq}`,
    }),
    component("libsodium", versions.libsodium, "ISC", {
      ...source("libsodium"),
      publisher: "Frank Denis",
      purl: `pkg:github/jedisct1/libsodium@${versions.libsodium}`,
    }),
    ...fixedComponents(target, file),
  ]
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuid}`,
    version: 1,
    metadata: {
      tools: { components: made.tools },
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
          property("target", target.name),
          ...(target.glibc ? [property("glibc", target.glibc)] : []),
          property("node-headers", made.headers),
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
export function writeBom(target, contents) {
  const document = bom(target, inProject(target.addon), contents)
  writeFileSync(inProject(target.sbom), `${JSON.stringify(document, undefined, 2)}\n`)
}
