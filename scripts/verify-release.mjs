// Checks a release as users get it, offline: hashes, contents, and how the addons were built.

import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import path from "node:path"
import { isDeepStrictEqual } from "node:util"

import { checkElf } from "./lib/elf.mjs"
import { checkNative } from "./lib/native-addon.mjs"
import { pins } from "./lib/pins.mjs"
import { Failure, filesBelow, inProject, readJson, runMain } from "./lib/project.mjs"
import { provenanceProblems } from "./lib/provenance.mjs"
import { releaseFiles } from "./lib/release-files.mjs"
import { output } from "./lib/run.mjs"
import { fixedComponents, sha256, zigTool } from "./lib/sbom.mjs"
import { nativeTargets, targets } from "./lib/targets.mjs"

const require = createRequire(import.meta.url)

const help = `Checks a packed release against this clone, which must be at the released commit. Usage: npm run verify-release -- [options] TARBALL

It first installs the packages that it needs, as npm test does; for that npm may need the network. The checks are offline.

It checks:
  files       every file except the addons equals the one in this clone, and there are no others; lib/ is compiled again to compare
  sums        prebuilds/SHA256SUMS lists exactly the files of prebuilds/, with their hashes
  addons      every platform has one; for Linux: processor, libraries, glibc, exports, protections, size, that it is stripped and
              contains no path of the build machine; for macOS and Windows: processor and size
  contents    each addon has a bill of materials: valid CycloneDX 1.6, for this addon, with the expected components from the pinned
              releases and the pinned compiler; THIRD-PARTY-NOTICES.md has a section for each
  provenance  with --provenance: Sigstore's authority, logs and signatures are valid, and .github/workflows/release.yml of the
              repository in package.json signed this tarball, at this version's tag and the commit that is checked out here

It does not check that an addon was compiled from what its bill of materials lists. The provenance says which machines did that;
npm run prebuilds builds the addons for Linux again, to compare. It runs nothing from the tarball.

  --provenance=FILE  the attestations of the release, from npm:
                       curl -fsSo FILE https://registry.npmjs.org/-/npm/v1/attestations/ohmq@VERSION
                     or provenance.sigstore.json from the release on GitHub
  --any-source       accept addons built from other sources than the pinned releases, such as a distribution's
  --any-platforms    accept a package without addons for some platforms
  --help             show this
`

const allTargets = [...targets, ...nativeTargets]

/** Compares the package's files with those of the clone and of prebuilds/, and returns their names. */
async function checkContents(folder, temporary, report, anyPlatforms) {
  const files = filesBelow(folder).map((file) => path.relative(folder, file).split(path.sep).join("/"))
  const expected = await releaseFiles(temporary)
  const prebuilt = ["prebuilds/SHA256SUMS", ...allTargets.flatMap(({ addon, sbom }) => [addon, sbom])]
  for (const file of files) {
    const original = expected.get(file)
    if (original === undefined) {
      if (!prebuilt.includes(file)) report(`${file}: does not belong in the package`)
    } else if (sha256(path.join(folder, file)) !== sha256(original)) report(`${file}: differs from this clone`)
  }
  for (const file of [...expected.keys(), ...(anyPlatforms ? [] : prebuilt)]) {
    if (!files.includes(file)) report(`${file}: missing`)
  }
  return files
}

function checkSums(folder, files, report) {
  const sums = path.join(folder, "prebuilds/SHA256SUMS")
  if (!existsSync(sums)) return report("prebuilds/SHA256SUMS: missing")
  const lines = readFileSync(sums, "utf8").trim().split("\n")
  const listed = new Map(lines.map((line) => line.split("  ").toReversed()))
  const present = files.filter((entry) => entry.startsWith("prebuilds/") && !entry.endsWith("SHA256SUMS"))
  for (const file of present) {
    const expected = listed.get(file.slice("prebuilds/".length))
    if (expected === undefined) report(`${file}: not in SHA256SUMS`)
    else if (expected !== sha256(path.join(folder, file))) report(`${file}: does not have the hash in SHA256SUMS`)
  }
  for (const name of listed.keys()) {
    if (!present.includes(`prebuilds/${name}`)) report(`prebuilds/SHA256SUMS: lists ${name}, which is missing`)
  }
}

/** One validator for all documents, because it compiles the schema. */
function bomValidator() {
  const { Spec, Validation } = require("@cyclonedx/cyclonedx-library")
  return new Validation.JsonStrictValidator(Spec.Version.v1dot6)
}

async function checkBom(folder, target, validator, report, anySource) {
  const { addon, sbom: file } = target
  const document = readJson(path.join(folder, file))
  if (document === undefined) return report(`${file}: missing, or not JSON`)
  const invalid = await validator.validate(JSON.stringify(document))
  if (invalid !== null) return report(`${file}: not valid CycloneDX 1.6: ${JSON.stringify(invalid)}`)
  const { component, tools } = document.metadata ?? {}
  const hash = component?.hashes?.find(({ alg }) => alg === "SHA-256")?.content
  if (hash !== sha256(path.join(folder, addon))) report(`${file}: belongs to another addon`)
  if (component?.version !== readJson(inProject("package.json")).version) report(`${file}: belongs to another version`)

  const parts = document.components ?? []
  for (const [name, pin] of Object.entries(pins)) {
    const part = parts.find((entry) => entry.name === name)
    const source = part?.externalReferences?.[0]?.hashes?.[0]?.content
    if (source === undefined) report(`${file}: ${name} lacks the hash of its source`)
    else if (source !== pin.sha256 && !anySource) report(`${file}: ${name} ${part.version} is not the pinned release`)
  }
  const fixed = fixedComponents(target, path.join(folder, addon))
  for (const expected of fixed) {
    const part = parts.find(({ name }) => name === expected.name)
    if (!isDeepStrictEqual(part, expected)) report(`${file}: ${expected.name} differs from what this clone links`)
  }
  const known = [...Object.keys(pins), ...fixed.map(({ name }) => name)]
  for (const { name } of parts.filter((part) => !known.includes(part.name)))
    report(`${file}: ${name} is not part of the addon`)
  const compilers = tools?.components ?? []
  if (target.zig ? !isDeepStrictEqual(compilers[0], zigTool) : compilers.length === 0)
    report(`${file}: ${target.zig ? "was not built by the pinned compiler" : "lists no compiler"}`)

  const notices = readFileSync(inProject("THIRD-PARTY-NOTICES.md"), "utf8")
  for (const { name } of parts) {
    const chapter = name.replace(/^.* of /, "")
    if (!notices.includes(`\n## ${chapter}\n`)) report(`THIRD-PARTY-NOTICES.md: has no section on ${name}`)
  }
}

/** Checks that a file attests that this tarball was built from this commit of this project's repository. */
function checkProvenance(file, tarball, report) {
  const { repository, version } = readJson(inProject("package.json"))
  const home = (repository?.url ?? repository)?.replace(/^git\+|\.git$/g, "")
  if (home === undefined) return report("package.json: has no repository to compare the provenance with")
  const commit = output("git", ["rev-parse", "HEAD"])
  if (commit === undefined)
    return report("this is not a git clone, so there is no commit to compare the provenance with")
  const digest = (algorithm) => createHash(algorithm).update(readFileSync(tarball)).digest("hex")
  const hashes = { sha256: digest("sha256"), sha512: digest("sha512") }
  const trustedRoot = readJson(inProject("scripts/sigstore-root.json"))
  const expected = { repository: home, tag: `v${version}`, commit, hashes }
  for (const problem of provenanceProblems(readJson(file), trustedRoot, expected)) report(`${file}: ${problem}`)
}

/** Unpacks a package as npm does: ignores the name of the first folder, and rejects links. */
function unpackPackage(tarball, folder, report) {
  mkdirSync(folder)
  const tar = (...options) => output("tar", [...options, "-f", path.resolve(tarball)])
  if (tar("-xz", "--strip-components=1", "-C", folder) === undefined) {
    throw new Failure(`tar cannot unpack '${tarball}'.`)
  }
  for (const line of tar("-tvz")
    .split("\n")
    .filter((entry) => !/^[-d]/.test(entry)))
    report(`neither a file nor a folder: ${line}`)
}

/** All problems of a release. */
async function verify(tarball, { provenance, anySource, anyPlatforms }) {
  const problems = []
  const report = (problem) => void problems.push(problem)
  const temporary = mkdtempSync(path.join(tmpdir(), "ohmq-release-"))
  try {
    const folder = path.join(temporary, "package")
    unpackPackage(tarball, folder, report)
    const files = await checkContents(folder, path.join(temporary, "clone"), report, anyPlatforms)
    checkSums(folder, files, report)
    const validator = bomValidator()
    const present = allTargets.filter(({ addon }) => files.includes(addon))
    for (const target of present) {
      const file = path.join(folder, target.addon)
      const found = target.zig ? checkElf(file, target).problems : checkNative(file, target)
      for (const problem of found) report(`${target.addon}: ${problem}`)
      await checkBom(folder, target, validator, report, anySource)
    }
    if (provenance !== undefined) checkProvenance(provenance, tarball, report)
    return { problems, files: files.length, addons: present.map(({ addon }) => addon) }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

await runMain(async (args) => {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help)
    return
  }
  const options = {}
  const names = []
  for (const arg of args) {
    if (arg === "--any-source") options.anySource = true
    else if (arg === "--any-platforms") options.anyPlatforms = true
    else if (arg.startsWith("--provenance=")) options.provenance = arg.slice("--provenance=".length)
    else if (arg.startsWith("-")) throw new Failure(`Unknown option '${arg}'. Run: npm run verify-release -- --help`)
    else names.push(arg)
  }
  if (names.length !== 1)
    throw new Failure(`Expected one tarball, but received ${names.length}. Run: npm run verify-release -- --help`)
  if (!existsSync(names[0])) throw new Failure(`'${names[0]}' does not exist.`)
  const { problems, files, addons } = await verify(names[0], options)
  if (problems.length > 0)
    throw new Failure(`${names[0]} has problems:\n${problems.map((line) => `  ${line}\n`).join("")}`)
  process.stdout.write(`${names[0]}: ${files} files, ${addons.length} addons (${addons.join(", ")}): ok\n`)
  if (options.provenance === undefined)
    process.stdout.write("Not checked: who built it, because --provenance was not given\n")
})
