// Sets all of it up in a temporary folder, pushes two commits, and shows what happens.

import { randomBytes } from "node:crypto"
import { existsSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { Lab, versionOf } from "../lab.mjs"
import { mended, weak, weaknesses } from "./commits.mjs"
import { branch, GitServer, repository } from "./git-server.mjs"
import { scanners } from "./scanners.mjs"
import { Trail } from "./trail.mjs"
import { deliver, sign } from "./webhook.mjs"

const example = import.meta.dirname

/** Which scanners are installed. Of the others, it is said how to install them. */
async function installedScanners() {
  const names = []
  console.log("Scanners")
  for (const [name, { program, language, install }] of Object.entries(scanners)) {
    const version = await versionOf(program)
    if (version === undefined) console.log(`  ${name} is not installed, so ${language} is not scanned: ${install}`)
    else {
      names.push(name)
      console.log(`  ${name} for ${language} (${version})`)
    }
  }
  if (names.length === 0) throw new Error("No scanner is installed")
  return names
}

/** Makes the keys and the audit log, and starts everything. Returns the address for webhooks. */
async function setUp(lab, names, secret) {
  console.log("\nRelay, task queue and workers")
  writeFileSync(lab.path("webhook.secret"), secret, { mode: 0o600 })
  await lab.certificates(["relay", "queue", "scanner", "verdict", "ci"], {
    "clients/scanners": ["scanner"],
    "clients/gate": ["ci", "verdict"],
    "clients/queue": ["relay", "scanner", "verdict"],
  })
  const { stdout: key } = await lab.run("ohmq", ["audit", "init", "audit", "--name", "example.com/scan-on-commit"])
  writeFileSync(lab.path("audit.pub"), key)
  const packages = path.join(example, "eslint/node_modules")
  if (existsSync(packages)) symlinkSync(packages, lab.path("eslint/node_modules"))

  const { QUEUE } = lab.env
  const queue = `ohmq tasks serve --bind ${QUEUE} --store tasks --cert queue.key_secret --clients clients/queue`
  const work = (name, cert) =>
    `ohmq tasks work --queue ${QUEUE} --name ${name} --timeout 3m --cert ${cert}.key_secret --server-cert queue.key`
  const scan = (name) => `--sarif {dir}/scan.sarif -- node scan.mjs ${name} {repository} {commit} {dir}`
  await lab.start("queue", queue).says("The queue takes tasks")
  const relay = lab.start("relay", "ohmq relay run relay.yaml")
  const workers = names.map((name) => lab.start(name, `${work(name, "scanner")} ${scan(name)}`))
  workers.push(lab.start("verdicts", `${work("verdicts", "verdict")} -- node verdict.mjs {request} {commit}`))
  for (const worker of workers) await worker.says("works for")
  const { http } = JSON.parse(await relay.says("The relay takes events"))
  return { hook: `${http}/github`, relay }
}

await Lab.run(example, async (lab) => {
  const names = await installedScanners()
  const repositories = lab.path("repositories")
  Object.assign(lab.env, {
    SCANNERS: names.join(),
    REPOSITORIES: repositories,
    QUEUE: "ipc://queue.ipc",
    GATE: "ipc://gate.ipc",
    OHMQ_RELAY: "ipc://scanners.ipc",
  })
  const secret = randomBytes(32).toString("hex")
  const { hook, relay } = await setUp(lab, names, secret)
  const trail = new Trail(lab.path("audit"), lab.path("audit.pub"))
  const git = await GitServer.start(lab, repositories, hook)

  const scanned = async (title, files, pushAndAsk) => {
    console.log(`\n${title}`)
    const commit = await git.commit(files, title)
    const ask = () => lab.run("sh", ["ci.sh", git.clone, commit], { okCodes: [0, 1] })
    const { code, stdout } = await pushAndAsk(ask)
    await trail.until("the decision", ({ type, data }) => type === "gate.decided" && data.id === `merge-${commit}`)
    console.log(`  CI ended with ${code}: ${stdout.trim()}`)
    return { commit, code, main: await git.head("main") }
  }
  const bad = await scanned("A push with weak code, which tries to turn the scanners off", weak, async (ask) => {
    await git.push()
    return ask()
  })
  const good = await scanned(
    "A push with mended code. Now the CI asks before the push has arrived",
    mended,
    async (ask) => {
      const job = ask()
      const asked = trail.until("the request", () => trail.count("gate.requested") === 2)
      // Whichever fails first says why.
      await Promise.race([asked, job.then(() => asked)])
      await git.push()
      return job
    },
  )
  if (good.code === 0) await trail.until("the merge", ({ data }) => data.ref === "refs/heads/main")

  console.log("\nA webhook that was tampered with: the body was changed after it was signed")
  const body = JSON.stringify({
    ref: `refs/heads/${branch}`,
    after: good.commit,
    repository: { full_name: repository },
  })
  const answer = await deliver(hook, "push", body.replace(good.commit, bad.commit), sign(secret, body))
  console.log(`  The relay answered ${answer.status} ${answer.text}`)
  await trail.until("the refusal", ({ type }) => type === "webhook.refused")

  await relay.stop()
  const { code, stdout } = await lab.run("ohmq", ["audit", "verify", "audit", "--key", "audit.pub"], {
    okCodes: [0, 1],
  })
  console.log(`\n${stdout.trim()}`)

  console.log("\nClaims")
  lab.check("the weak commit was denied, and the CI failed", bad.code === 1)
  lab.check("main was not there after it", bad.main === "")
  for (const name of names) {
    const found = trail.count(
      "finding.reported",
      ({ data: { tool, severity } }) => severity === "high" && tool.name.toLowerCase() === name,
    )
    lab.check(`${name} found ${found} of ${weaknesses[name]} severe weaknesses`, found === weaknesses[name])
  }
  lab.check("the mended commit was allowed", good.code === 0)
  lab.check("main is the mended commit", good.main === good.commit)
  lab.check("the tampered webhook was refused with 401", answer.status === 401)
  const pushes = trail.count("com.github.push")
  lab.check("its refusal is in the audit log, and no push of it", trail.count("webhook.refused") === 1 && pushes === 3)
  const asked = trail.count("gate.requested")
  lab.check("so are two requests and two decisions", asked === 2 && trail.count("gate.decided") === 2)
  lab.check(`the audit log verifies, with ${trail.events.length} entries`, code === 0)
})
