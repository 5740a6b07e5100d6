// The GitHub Action: runs the command `ohmq`, and shows what comes of it as annotations, outputs and a job summary. It has no dependencies.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands says how an action talks to the runner.

import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { appendFileSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import process from "node:process"

/** The runner shows ten annotations of a level for each step. */
const maxAnnotations = 10

/** A job summary may have 1 MiB. */
const maxRows = 200

/** An error for the user. */
class ActionError extends Error {
  /** @param {string} message @param {number} exitCode */
  constructor(message, exitCode = 2) {
    super(message)
    this.exitCode = exitCode
  }
}

/** An input. The runner trims nothing. @param {string} name */
const input = (name) => (process.env[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] ?? "").trim()

/** @param {string} name */
function flag(name) {
  const value = input(name).toLowerCase()
  if (value !== "" && value !== "true" && value !== "false")
    throw new ActionError(`${name}: expected true or false, but received "${value}"`)
  return value === "true"
}

/** What a message may have. @param {unknown} text */
const escapeData = (text) => String(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")

/** What a property may have. @param {unknown} text */
const escapeProperty = (text) => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C")

/** Writes a workflow command. @param {string} name @param {Record<string, unknown>} properties @param {unknown} message */
function issue(name, properties, message) {
  const list = Object.entries(properties)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => `${key}=${escapeProperty(value)}`)
  process.stdout.write(`::${name}${list.length > 0 ? ` ${list.join(",")}` : ""}::${escapeData(message)}\n`)
}

/** Adds to one of the files that the runner reads, such as GITHUB_OUTPUT. @param {string} variable @param {string} text */
function addTo(variable, text) {
  const file = process.env[variable]
  if (file) appendFileSync(file, text)
}

/** A name and a value that may have any characters, as those files have them. @param {string} variable @param {string} name @param {unknown} value */
function set(variable, name, value) {
  const text = String(value)
  const end = `ohmq_${randomUUID()}`
  addTo(variable, `${name}<<${end}\n${text}\n${end}\n`)
}

/** Text in a table of Markdown: no markup, no links, no line breaks. @param {unknown} text */
const cell = (text) =>
  String(text)
    .slice(0, 500)
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/[\\`*_{}[\]()#+!|~@:]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/\s+/g, " ")

/** The temporary folder of the job. */
const temporary = () => process.env.RUNNER_TEMP || tmpdir()

/** A folder for what the command reads: keys, which only this user may see. */
class Files {
  /** @type {string | undefined} */
  #folder

  /** Writes a file. @param {string} name @param {string} text */
  write(name, text) {
    if (this.#folder === undefined) {
      this.#folder = mkdtempSync(join(realpathSync(temporary()), "ohmq-action-"))
      // If the runner ends this process, the step `post` removes it.
      set("GITHUB_STATE", "folder", this.#folder)
    }
    const file = join(this.#folder, name)
    writeFileSync(file, text, { mode: 0o600, flag: "wx" })
    return file
  }

  remove() {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The command. On Windows, npm makes a file of it that only a shell can run, to which no inputs should be given: the program behind it is run. */
function commandOf() {
  const named = input("command") || "ohmq"
  if (process.platform !== "win32" || named !== "ohmq") return named
  const folders = (process.env.PATH ?? "").split(delimiter)
  const programs = folders.map((folder) => join(folder, "node_modules", "ohmq", "dist", "cli", "main.js"))
  return programs.find((program) => existsSync(program)) ?? named
}

/** Runs the command. What it says is shown, and cannot be read as workflow commands. @param {string[]} args @returns {Promise<{ code: number, stdout: string }>} */
function run(args) {
  const token = randomUUID()
  process.stdout.write(`::stop-commands::${token}\n`)
  return new Promise((resolve, reject) => {
    const command = commandOf()
    const [program = "", ...before] = /\.[cm]?js$/.test(command) ? [process.execPath, command] : [command]
    const child = spawn(program, [...before, ...args], { stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text
    })
    // All on one stream, so that no line comes after the token that ends it.
    child.stderr.on("data", (bytes) => process.stdout.write(bytes))
    // The runner cancels a job with SIGINT, and with SIGTERM after 7.5 seconds.
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal)
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, pass)
    let hasEnded = false
    const end = () => {
      if (hasEnded) return
      hasEnded = true
      for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, pass)
      process.stdout.write(`\n::${token}::\n`)
    }
    child.on("error", (error) => {
      end()
      const missing = "code" in error && error.code === "ENOENT"
      reject(
        new ActionError(
          missing
            ? `There is no command "${command}". Install it first: npm i -g --ignore-scripts ohmq ohmq-toolkit`
            : error.message,
        ),
      )
    })
    child.on("close", (code) => {
      end()
      resolve({ code: code ?? 1, stdout })
    })
  })
}

/** The options that say where the relay is. @param {Files} files */
function connection(files) {
  const to = input("to")
  if (to === "") throw new ActionError("The input to is required: the endpoint of the relay")
  const args = ["--to", to]
  const [cert, server] = [input("cert"), input("server-cert")]
  if (cert !== "") {
    // Secrets of GitHub are masked as a whole, and lines of them are not.
    for (const [, key] of cert.matchAll(/secret-key\s*=\s*"([^"]+)"/g)) issue("add-mask", {}, key)
    args.push("--cert", files.write("job.key_secret", `${cert}\n`))
  }
  if (server !== "")
    args.push("--server-cert", server.includes("\n") ? files.write("relay.key", `${server}\n`) : server)
  if (flag("insecure")) args.push("--insecure")
  return args
}

/** The options that an event and a request have in common. @param {Files} files @param {string} name */
function about(files, name) {
  const args = []
  if (input("data") !== "") args.push("--data", files.write(`${name}.json`, input("data")))
  for (const option of ["subject", "id"]) if (input(option) !== "") args.push(`--${option}`, input(option))
  return args
}

const timeout = () => (input("timeout") === "" ? [] : ["--timeout", input("timeout")])

const levels = { error: "error", warning: "warning", note: "notice", none: "notice" }

/** Shows findings beside the code. @param {any[]} findings */
function annotate(findings) {
  const mode = input("annotations") || "level"
  if (!["level", "notice", "none"].includes(mode))
    throw new ActionError(`annotations: expected level, notice or none, but received "${mode}"`)
  if (mode === "none") return
  /** @type {Record<string, number>} */
  const shown = {}
  for (const { level, message, rule, tool, location = {} } of findings) {
    const command = mode === "notice" ? "notice" : (levels[/** @type {keyof typeof levels} */ (level)] ?? "notice")
    shown[command] = (shown[command] ?? 0) + 1
    if (shown[command] > maxAnnotations) continue
    const { uri: file, line, column: col, endLine, endColumn } = location
    issue(command, { file, line, col, endLine, endColumn, title: `${tool?.name}: ${rule?.id}` }, message)
  }
  const hidden = Object.values(shown).reduce((sum, count) => sum + Math.max(0, count - maxAnnotations), 0)
  if (hidden > 0) issue("notice", {}, `${hidden} more findings are in the job summary`)
}

/** @param {any[]} findings */
function summarize(findings) {
  const rows = findings.slice(0, maxRows).map(({ severity, rule, message, location }) => {
    const where = location ? `${location.uri}${location.line ? `, line ${location.line}` : ""}` : ""
    return `| ${[severity, rule?.id ?? "", where, message].map(cell).join(" | ")} |`
  })
  const head = `### ${findings.length} finding${findings.length === 1 ? "" : "s"}\n`
  const more = findings.length > maxRows ? `\n${findings.length - maxRows} more\n` : ""
  const table = rows.length > 0 ? `\n| severity | rule | where | |\n|---|---|---|---|\n${rows.join("\n")}\n` : ""
  addTo("GITHUB_STEP_SUMMARY", `${head}${table}${more}\n`)
}

/** Whether a command has failed: its last words are an error of the step. @param {string} what @param {number} code */
function check(what, code) {
  if (code !== 0) throw new ActionError(`${what} failed with exit code ${code}: see above`, code)
}

/** @param {string[]} relay */
async function sendFindings(relay) {
  const sarif = ["emit", "--sarif", input("sarif")]
  const { code, stdout } = await run([...sarif, "--dry-run"])
  check("Reading the SARIF log", code)
  const findings = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line).data)
  annotate(findings)
  summarize(findings)
  set("GITHUB_OUTPUT", "findings", findings.length)
  check("Sending the findings", (await run([...sarif, "--wait-ack", ...timeout(), ...relay])).code)
  process.stdout.write(`${findings.length} findings are stored\n`)
}

/** @param {Files} files @param {string[]} relay */
async function sendEvent(files, relay) {
  const args = [
    "emit",
    input("emit"),
    "--wait-ack",
    "--output",
    "json",
    ...about(files, "event"),
    ...timeout(),
    ...relay,
  ]
  const { code, stdout } = await run(args)
  check("Sending the event", code)
  set("GITHUB_OUTPUT", "id", JSON.parse(stdout).id)
}

/** @param {Files} files @param {string[]} relay */
async function ask(files, relay) {
  const fail = input("fail")
  const key = input("verify-key")
  const args = [
    "gate",
    "--request",
    input("gate"),
    "--output",
    "json",
    ...about(files, "request"),
    ...timeout(),
    ...relay,
  ]
  if (fail !== "") args.push("--fail", fail)
  if (key !== "") args.push("--verify-key", files.write("verify.pem", `${key}\n`))
  const { code, stdout } = await run(args)
  if (stdout.trim() === "") check("The gate", code || 1)
  const { id, request, decision, reason = "", by = "", time = "", failed } = JSON.parse(stdout)
  for (const [name, value] of Object.entries({ id, decision: decision ?? "", reason, by }))
    set("GITHUB_OUTPUT", name, value)
  const verdict = decision === "allow" ? "allowed" : decision === "deny" ? "denied" : "not answered in time"
  const rows = Object.entries({ request, reason, by, time, id }).filter(([, value]) => value !== "")
  const table = rows.map(([name, value]) => `| ${name} | ${cell(value)} |`).join("\n")
  addTo("GITHUB_STEP_SUMMARY", `### Gate: ${verdict}\n\n| | |\n|---|---|\n${table}\n\n`)
  const title = `Gate ${verdict}`
  if (decision === "allow") issue("notice", { title }, `${request}: ${reason || "no reason given"} (by ${by})`)
  else if (decision === "deny") issue("error", { title }, `${request}: ${reason || "no reason given"} (by ${by})`)
  else if (failed === "open")
    issue("warning", { title }, `${request}: nobody answered, and the job goes on as told (fail: open)`)
  else issue("error", { title }, `${request}: nobody answered`)
  process.exitCode = code
}

async function main() {
  const files = new Files()
  try {
    if (input("emit") === "" && input("sarif") === "" && input("gate") === "")
      throw new ActionError("Expected at least one of the inputs emit, sarif and gate")
    if (input("emit") !== "" && input("gate") !== "")
      throw new ActionError("emit and gate need a step each: they have other endpoints, and data of their own")
    if (input("sarif") !== "" && input("gate") !== "")
      throw new ActionError("sarif and gate need a step each: they have other endpoints")
    const relay = connection(files)
    if (input("sarif") !== "") await sendFindings(relay)
    if (input("emit") !== "") await sendEvent(files, relay)
    if (input("gate") !== "") await ask(files, relay)
  } catch (error) {
    issue("error", { title: "ohmq" }, error instanceof Error ? error.message : String(error))
    process.exitCode = error instanceof ActionError ? error.exitCode : 1
  } finally {
    files.remove()
  }
}

/** Removes what a step that was killed has left. Whatever the state says, nothing else is removed. @param {string} folder */
function post(folder) {
  const isOurs = dirname(folder) === realpathSync(temporary()) && /[\\/]ohmq-action-\w+$/.test(folder)
  if (isOurs) rmSync(folder, { recursive: true, force: true })
}

// The runner gives the step `post` what the step `main` has put into GITHUB_STATE.
if (process.env.STATE_isPost === "true") {
  if (process.env.STATE_folder) post(process.env.STATE_folder)
} else {
  set("GITHUB_STATE", "isPost", "true")
  await main()
}
