// Checks a release as its users get it, without a network: hashes, contents, what the addons are made of and how.

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

const help = `Checks a packed release against this clone, which must be of the released commit. Usage: npm run verify-release -- [options] TARBALL

The packages that this needs are installed first, as for npm test, and for that npm may want a network. The checking is offline.

Checked:
  files       those that this clone makes and no others, byte for byte; lib/ is compiled and docs/options.md generated again for it
  sums        prebuilds/SHA256SUMS lists the files of prebuilds/, all of them and no others, by their hashes
  addons      they are there for every platform; for Linux: processor, libraries, glibc, exports, protections, size, that they are
              stripped and hold no path of the machine that built them; for macOS and Windows: processor and size
  contents    each addon has a bill of materials that is valid CycloneDX 1.6, of that very addon, of the components that belong
              in it, from the pinned releases and the pinned compiler; THIRD-PARTY-NOTICES.md has a chapter on each
  provenance  with --provenance: that Sigstore's authority, logs and signatures are right, and that it was signed, for this very
              tarball, by .github/workflows/release.yml of the repository that package.json names, at this version's tag and the
              commit that is checked out here

Not checked: that an addon was compiled from what its bill of materials names. The provenance tells which machines did that;
npm run prebuilds makes those for Linux again, to compare. Nothing out of the tarball is run.

  --provenance=FILE  the attestations of the release, from npm:
                       curl -fsSo FILE https://registry.npmjs.org/-/npm/v1/attestations/ohmq@VERSION
                     or provenance.sigstore.json out of the release on GitHub
  --any-source       accept addons of other sources than the pinned releases, such as a distribution's
  --any-platforms    accept a package that lacks addons for some platforms
  --help             show this
`

const allTargets = [...targets, ...nativeTargets]

/** The package's files, which are those of the clone and those of prebuilds/. */
async function checkContents(folder, temporary, report, anyPlatforms) {
  const files = filesBelow(folder).map((file) => path.relative(folder, file).split(path.sep).join("/"))
  const expected = await releaseFiles(temporary)
  const prebuilt = ["prebuilds/SHA256SUMS", ...allTargets.flatMap(({ addon, sbom }) => [addon, sbom])]
  for (const file of files) {
    const original = expected.get(file)
    if (original === undefined) {
      if (!prebuilt.includes(file)) report(`${file}: does not belong there`)
    } else if (sha256(path.join(folder, file)) !== sha256(original)) report(`${file}: not as in this clone`)
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
    else if (expected !== sha256(path.join(folder, file))) report(`${file}: not the file that SHA256SUMS lists`)
  }
  for (const name of listed.keys()) {
    if (!present.includes(`prebuilds/${name}`)) report(`prebuilds/SHA256SUMS: lists ${name}, which is not there`)
  }
}

/** One for all documents: it compiles the schema once. */
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
  if (hash !== sha256(path.join(folder, addon))) report(`${file}: of another addon`)
  if (component?.version !== readJson(inProject("package.json")).version) report(`${file}: of another version`)

  const parts = document.components ?? []
  for (const [name, pin] of Object.entries(pins)) {
    const part = parts.find((entry) => entry.name === name)
    const source = part?.externalReferences?.[0]?.hashes?.[0]?.content
    if (source === undefined) report(`${file}: ${name} without the hash of its source`)
    else if (source !== pin.sha256 && !anySource) report(`${file}: ${name} ${part.version} is not the pinned release`)
  }
  const fixed = fixedComponents(target, path.join(folder, addon))
  for (const expected of fixed) {
    const part = parts.find(({ name }) => name === expected.name)
    if (!isDeepStrictEqual(part, expected)) report(`${file}: ${expected.name} is not as this clone links it`)
  }
  const known = [...Object.keys(pins), ...fixed.map(({ name }) => name)]
  for (const { name } of parts.filter((part) => !known.includes(part.name))) report(`${file}: ${name} is not inside`)
  const compilers = tools?.components ?? []
  if (target.zig ? !isDeepStrictEqual(compilers[0], zigTool) : compilers.length === 0)
    report(`${file}: not of ${target.zig ? "the pinned" : "any"} compiler`)

  const notices = readFileSync(inProject("THIRD-PARTY-NOTICES.md"), "utf8")
  for (const { name } of parts) {
    const chapter = name.replace(/^.* of /, "")
    if (!notices.includes(`\n## ${chapter}\n`)) report(`THIRD-PARTY-NOTICES.md: nothing on ${name}`)
  }
}

/** Whether a file attests this tarball, built from this commit of this project's repository. */
function checkProvenance(file, tarball, report) {
  const { repository, version } = readJson(inProject("package.json"))
  const home = (repository?.url ?? repository)?.replace(/^git\+|\.git$/g, "")
  if (home === undefined) return report("package.json: names no repository to compare the provenance with")
  const commit = output("git", ["rev-parse", "HEAD"])
  if (commit === undefined) return report("this is no clone: git tells no commit to compare the provenance with")
  const digest = (algorithm) => createHash(algorithm).update(readFileSync(tarball)).digest("hex")
  const hashes = { sha256: digest("sha256"), sha512: digest("sha512") }
  const trustedRoot = readJson(inProject("scripts/sigstore-root.json"))
  const expected = { repository: home, tag: `v${version}`, commit, hashes }
  for (const problem of provenanceProblems(readJson(file), trustedRoot, expected)) report(`${file}: ${problem}`)
}

/** Unpacks a package as npm does: whatever the first folder of a path is called, and without links. */
function unpackPackage(tarball, folder, report) {
  mkdirSync(folder)
  const tar = (...options) => output("tar", [...options, "-f", path.resolve(tarball)])
  if (tar("-xz", "--strip-components=1", "-C", folder) === undefined) {
    throw new Failure(`'${tarball}' is not an archive that tar can unpack.`)
  }
  for (const line of tar("-tvz")
    .split("\n")
    .filter((entry) => !/^[-d]/.test(entry)))
    report(`neither file nor folder: ${line}`)
}

/** Everything that is wrong with a release. */
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
  if (names.length !== 1) throw new Failure("One tarball is wanted. Run: npm run verify-release -- --help")
  if (!existsSync(names[0])) throw new Failure(`'${names[0]}' does not exist.`)
  const { problems, files, addons } = await verify(names[0], options)
  if (problems.length > 0)
    throw new Failure(`${names[0]} is not as it should be:\n${problems.map((line) => `  ${line}\n`).join("")}`)
  process.stdout.write(`${names[0]}: ${files} files, ${addons.length} addons (${addons.join(", ")}): ok\n`)
  if (options.provenance === undefined)
    process.stdout.write("Not checked: who built it. No provenance was given (--help)\n")
})
