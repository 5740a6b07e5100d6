// Runs the tests with each libzmq of a list of local archives.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { Failure, inProject, readJson, root, runMain, say } from "./lib/project.mjs"
import { run } from "./lib/run.mjs"

const topic = "archives"

/** The tests that depend on which libzmq it is. */
const tiers = ["binding", "attacks", "examples", "scripts"]

const help = `Runs the tests with each libzmq of a list of source archives. Usage: npm run test:archives -- [options] ARCHIVE... [-- ARGUMENT...]

  ARCHIVE           a .tar.gz with the sources of libzmq, which is patched, compiled and tested
  --libsodium=FILE  the sources of libsodium (default: those that npm run libzmq uses)
  ARGUMENT          passed to vitest; test/proxy.test.ts runs one file
  --help            show this

To make an archive of a tag, run this in a clone of libzmq: git archive --prefix=libzmq-4.3.5/ -o libzmq-4.3.5.tar.gz v4.3.5
Afterwards, build/ contains the last libzmq; npm test builds the usual one again. The logs are in build/archives/.
`

/** How many tests passed, and the names of those that failed. */
function results(file) {
  const { numPassedTests, testResults = [] } = readJson(file) ?? {}
  const failed = testResults.flatMap(({ name, status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === "failed").map((test) => test.fullName)
    // If a file cannot be run, it has no tests.
    return (tests.length === 0 && status === "failed" ? ["(the file)"] : tests).map(
      (test) => `${path.relative(root, name)}: ${test}`,
    )
  })
  return { passed: numPassedTests ?? 0, failed }
}

async function testWith(archive, libsodium, args) {
  const name = path.basename(archive).replace(/\.tar\.\w+$/, "")
  const env = { ...process.env, OHMQ_LIBZMQ_ARCHIVE: path.resolve(archive) }
  if (libsodium !== undefined) env.OHMQ_LIBSODIUM_ARCHIVE = path.resolve(libsodium)
  const log = (what) => inProject("build/archives", `${name}-${what}.log`)
  // Not in build/, which a test may empty.
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-archives-"))
  try {
    say(topic, `${archive}: compiling`)
    await run(topic, process.execPath, [inProject("scripts/setup.mjs")], { log: log("build"), env })
    const { versions, archives } = readJson(inProject("build/libzmq/stamp.json"))
    const { applied, present, missed } = archives.libzmq
    const patches = `patches: ${applied.length} applied, ${present.length} already in it, ${missed.length} not matching`
    say(topic, `${archive}: libzmq ${versions.libzmq}, libsodium ${versions.libsodium}; ${patches}; testing`)
    const report = path.join(folder, "report.json")
    const projects = tiers.map((tier) => `--project=${tier}`)
    const options = ["run", ...projects, "--reporter=json", `--outputFile=${report}`]
    const vitest = [inProject("node_modules/vitest/vitest.mjs"), ...options]
    let ended = true
    await run(topic, process.execPath, [...vitest, ...args], { log: log("test"), env }).catch(() => {
      ended = false
    })
    const { passed, failed } = results(report)
    // vitest can fail although every test passed, for example because of an uncaught error.
    if (!ended && failed.length === 0) {
      const lines = readFileSync(log("test"), "utf8").trim().split("\n")
      failed.push(`outside of a test: ${lines.slice(-5).join(" | ")}`)
    }
    return { versions, patches, passed, failed }
  } catch (error) {
    return { patches: "", passed: 0, failed: [error.message] }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await runMain(async (args) => {
  const end = args.includes("--") ? args.indexOf("--") : args.length
  const [own, forVitest] = [args.slice(0, end), args.slice(end + 1)]
  if (own.includes("--help") || own.length === 0) {
    process.stdout.write(help)
    return own.length === 0 ? 1 : 0
  }
  const libsodium = own.find((arg) => arg.startsWith("--libsodium="))?.slice("--libsodium=".length)
  const archives = own.filter((arg) => !arg.startsWith("--libsodium="))
  for (const file of [...archives, ...(libsodium === undefined ? [] : [libsodium])]) {
    if (file.startsWith("-")) throw new Failure(`Unknown option '${file}'. Run: npm run test:archives -- --help`)
    if (!existsSync(file)) throw new Failure(`'${file}' does not exist.`)
  }
  mkdirSync(inProject("build/archives"), { recursive: true })
  let status = 0
  for (const archive of archives) {
    const { versions, patches, passed, failed } = await testWith(archive, libsodium, forVitest)
    const built =
      versions === undefined ? "not built" : `libzmq ${versions.libzmq}, libsodium ${versions.libsodium}; ${patches}`
    process.stdout.write(`${archive}: ${built}; tests passed ${passed}, failed ${failed.length}\n`)
    for (const name of failed) process.stdout.write(`  ${name}\n`)
    if (failed.length > 0) status = 1
  }
  return status
})
