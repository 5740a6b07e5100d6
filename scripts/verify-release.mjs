// Checks a release as its users get it, without a network: hashes, contents, what the addons are made of and how.

import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import path from "node:path"

import { checkElf } from "./lib/elf.mjs"
import { pins, toolchain } from "./lib/pins.mjs"
import { Failure, filesBelow, inProject, readJson, runMain } from "./lib/project.mjs"
import { output } from "./lib/run.mjs"
import { sha256 } from "./lib/sbom.mjs"
import { targets } from "./lib/targets.mjs"

const require = createRequire(import.meta.url)

const help = `Checks a packed release. Usage: npm run verify-release -- [options] TARBALL

Checks that the package holds the files that this clone makes and no others; that prebuilds/SHA256SUMS covers and fits the addons;
that each addon for Linux keeps its promises (libraries, glibc, exports, protections); that each has a bill of materials that is valid
CycloneDX 1.6, is of that very addon, names the pinned releases, and whose licences are in THIRD-PARTY-NOTICES.md.

  --provenance=FILE  the attestation of the release (https://registry.npmjs.org/-/npm/v1/attestations/ohmq@VERSION): is it of this tarball,
                     from this project's repository? 'npm audit signatures' checks who signed it; this does not.
  --any-source       accept addons of other sources than the pinned releases, such as a distribution's
  --any-platforms    accept a package that lacks addons for some platforms
  --help             show this
`

/** The files that a clone of the release makes; those of prebuilds/ come by target. */
function expectedFiles() {
  const sources = (folder) =>
    filesBelow(inProject(folder)).map((file) => path.relative(inProject(), file).split(path.sep).join("/"))
  const { files } = readJson(inProject("package.json"))
  const always = ["package.json", "README.md", "LICENSE"]
  return [
    ...always,
    ...sources("lib").flatMap((file) => [".js", ".d.ts"].map((end) => file.replace(/^lib(.*)\.ts$/, `dist$1${end}`))),
    ...files.flatMap((entry) => {
      if (entry.startsWith("dist/") || entry === "prebuilds") return []
      return entry === "docs/*.md" ? sources("docs").filter((file) => file.endsWith(".md")) : sources(entry)
    }),
  ]
}

/** Runners of other systems make these; what is inside them is checked where they run. */
const foreign = /^prebuilds\/(darwin|win32)-(x64|arm64)\/ohmq\.(node|cdx\.json)$/

function checkContents(folder, report, anyPlatforms) {
  const files = filesBelow(folder).map((file) => path.relative(folder, file).split(path.sep).join("/"))
  const expected = expectedFiles()
  const prebuilt = ["prebuilds/SHA256SUMS", ...targets.flatMap(({ addon, sbom }) => [addon, sbom])]
  for (const file of files) {
    if (!expected.includes(file) && !prebuilt.includes(file) && !foreign.test(file))
      report(`${file}: does not belong there`)
  }
  for (const file of [...expected, ...(anyPlatforms ? [] : prebuilt)]) {
    if (!files.includes(file)) report(`${file}: missing`)
  }
  // Text that is also in the clone is the clone's.
  for (const file of files.filter((entry) => !/^(dist|prebuilds)\//.test(entry) && existsSync(inProject(entry)))) {
    if (sha256(path.join(folder, file)) !== sha256(inProject(file))) report(`${file}: not as in this clone`)
  }
  return files
}

function checkSums(folder, files, report) {
  const sums = path.join(folder, "prebuilds/SHA256SUMS")
  if (!existsSync(sums)) return report("prebuilds/SHA256SUMS: missing")
  const lines = readFileSync(sums, "utf8").trim().split("\n")
  const listed = new Map(lines.map((line) => line.split("  ").toReversed()))
  for (const file of files.filter((entry) => entry.startsWith("prebuilds/") && !entry.endsWith("SHA256SUMS"))) {
    const expected = listed.get(file.slice("prebuilds/".length))
    if (expected === undefined) report(`${file}: not in SHA256SUMS`)
    else if (expected !== sha256(path.join(folder, file))) report(`${file}: not the file that SHA256SUMS lists`)
  }
}

async function checkBom(folder, addon, file, report, anySource) {
  const document = readJson(path.join(folder, file))
  if (document === undefined) return report(`${file}: missing, or not JSON`)
  const { Spec, Validation } = require("@cyclonedx/cyclonedx-library")
  const invalid = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(JSON.stringify(document))
  if (invalid !== null) return report(`${file}: not valid CycloneDX 1.6: ${JSON.stringify(invalid)}`)
  const { component, tools } = document.metadata
  const hash = component.hashes.find(({ alg }) => alg === "SHA-256")?.content
  if (hash !== sha256(path.join(folder, addon))) report(`${file}: of another addon`)
  if (component.version !== readJson(path.join(folder, "package.json")).version) report(`${file}: of another version`)
  const part = (name) => document.components.find((entry) => entry.name === name)
  for (const [name, pin] of Object.entries(pins)) {
    const source = part(name)?.externalReferences?.[0]?.hashes?.[0]?.content
    if (source === undefined) report(`${file}: ${name} without the hash of its source`)
    else if (source !== pin.sha256 && !anySource)
      report(`${file}: ${name} ${part(name).version} is not the pinned release`)
  }
  const zig = tools.components[0]
  if (addon.includes("linux") && zig.properties[0].value !== toolchain.tree)
    report(`${file}: not of the pinned compiler`)
  const notices = readFileSync(path.join(folder, "THIRD-PARTY-NOTICES.md"), "utf8")
  for (const { name } of document.components) {
    if (!notices.includes(`\n## ${name.split(" ").at(-1)}\n`)) report(`THIRD-PARTY-NOTICES.md: nothing on ${name}`)
  }
}

/** Whether a bundle attests this tarball, built from this project's repository. */
function checkProvenance(file, tarball, report) {
  const { attestations } = readJson(file) ?? {}
  const found = attestations?.find(({ predicateType }) => /^https:\/\/slsa\.dev\/provenance\//.test(predicateType))
  if (found === undefined) return report(`${file}: holds no SLSA provenance`)
  const statement = JSON.parse(Buffer.from(found.bundle.dsseEnvelope.payload, "base64").toString())
  const hash = createHash("sha512").update(readFileSync(tarball)).digest("hex")
  if (!statement.subject.some(({ digest }) => digest.sha512 === hash)) report(`${file}: attests another tarball`)
  const built = statement.predicate.buildDefinition?.externalParameters?.workflow
  const { repository } = readJson(inProject("package.json"))
  const home = (repository?.url ?? repository)?.replace(/^git\+|\.git$/g, "")
  if (home === undefined) report("package.json: names no repository to compare the provenance with")
  else if (built?.repository !== home) report(`${file}: built in ${built?.repository}, not ${home}`)
  if (built?.path !== ".github/workflows/release.yml") report(`${file}: built by ${built?.path}`)
}

/** Everything that is wrong with a release. */
async function verify(tarball, { provenance, anySource, anyPlatforms }) {
  const problems = []
  const report = (problem) => void problems.push(problem)
  const temporary = mkdtempSync(path.join(tmpdir(), "ohmq-release-"))
  try {
    if (output("tar", ["-xzf", path.resolve(tarball), "-C", temporary]) === undefined) {
      throw new Failure(`'${tarball}' is not an archive that tar can unpack.`)
    }
    const folder = path.join(temporary, "package")
    const files = checkContents(folder, report, anyPlatforms)
    checkSums(folder, files, report)
    for (const addon of files.filter((file) => file.endsWith(".node"))) {
      const target = targets.find((entry) => entry.addon === addon)
      if (target !== undefined) {
        for (const problem of checkElf(path.join(folder, addon), target).problems) report(`${addon}: ${problem}`)
      }
      await checkBom(folder, addon, addon.replace(/node$/, "cdx.json"), report, anySource)
    }
    if (provenance !== undefined) checkProvenance(provenance, tarball, report)
    return { problems, files: files.length, addons: files.filter((file) => file.endsWith(".node")) }
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
  if (options.provenance === undefined) process.stdout.write("No provenance was given to check.\n")
  if (readJson(inProject("package.json")).repository === undefined) {
    process.stdout.write("package.json names no repository, without which npm does not publish with provenance.\n")
  }
})
