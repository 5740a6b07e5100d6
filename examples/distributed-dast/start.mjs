// A scan of a running web application by several workers, one of which is killed in the middle. See README.md.
// Usage: node start.mjs [--output FILE]

import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"

import { Certificate } from "ohmq/security"
import { TaskClient } from "ohmq-toolkit/tasks"

import { Lab, until } from "../lab.mjs"
import { asText, countOf, whatDiffers } from "./report.mjs"

const workers = ["scanner-1", "scanner-2", "scanner-3", "scanner-4"]

function outputOf() {
  try {
    const { output } = parseArgs({ options: { output: { type: "string" } } }).values
    return output === undefined ? undefined : path.resolve(process.env.INIT_CWD ?? ".", output)
  } catch (error) {
    console.error(`${error.message}\nUsage: node start.mjs [--output FILE]`)
    process.exit(2)
  }
}

/** Starts the shop: what it sells is in one folder, what nobody should read in another. */
async function openShop(lab) {
  for (const folder of ["shop/srv/public", "shop/etc"]) mkdirSync(lab.path(folder), { recursive: true })
  writeFileSync(lab.path("shop/srv/public/terms.txt"), "Terms\n")
  writeFileSync(lab.path("shop/etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")
  const shop = lab.start("shop", "node shop.mjs shop")
  const line = await shop.says("The shop is open")
  console.log(`  ${line}`)
  return line.split(": ")[1]
}

/** Starts the controller and the workers, and one more that nobody knows. Resolves to how to reach the controller. */
async function startScanners(lab, origin) {
  // Who has a certificate in clients/ may work and submit.
  await lab.certificates(["controller", "operator", "stranger", ...workers], { clients: ["operator", ...workers] })
  console.log("\nThe controller, which lets in who has a certificate in clients/:")
  const serve = "ohmq tasks serve --bind tcp://127.0.0.1:* --store tasks --lease 4s"
  const controller = lab.start("controller", `${serve} --cert controller.key_secret --clients clients`)
  const { endpoint } = JSON.parse(await controller.says("The queue takes tasks"))
  console.log("\nThe workers, encrypted with CURVE as all that goes to the controller:")

  const as = (name) => `--queue ${endpoint} --cert ${name}.key_secret --server-cert controller.key`
  const probe = `node probe.mjs --scope ${origin} {}`
  const work = (name) => lab.start(name, `ohmq tasks work ${as(name)} --worker ${name} -- ${probe}`)
  const running = new Map(workers.map((name) => [name, work(name)]))
  work("stranger")
  await Promise.all([...running].map(([name, program]) => program.says(`${name} works for`)))
  await controller.says("A peer was not let in")
  return { controller, endpoint, as, running }
}

/** Kills a worker in the middle of a task. Resolves to its name. */
async function killOne(lab, client, running) {
  // The first page takes its time.
  const task = () => client.show("scan-1")
  await until("the first task runs", async () => (await task()).state === "running")
  const { worker, input: page } = await task()
  running.get(worker).signal("SIGKILL")
  await running.get(worker).ended()
  const { state, worker: holder } = await task()
  console.log(`  ${worker} is killed (SIGKILL) while it probes ${page}`)
  lab.check("the task was in its hands", state === "running" && holder === worker)
  return worker
}

async function scan(lab, origin, client, { controller, as, running }, output) {
  const known = (await client.snapshot()).workers.map(({ name, user }) => `${name} as ${user}`).sort()
  console.log(`  ${known.join(", ")}`)
  lab.check(
    "these are the workers: the stranger, whose certificate nobody knows, was not let in",
    known.join() === workers.map((name) => `${name} as ${name}`).join(),
  )

  console.log("\nThe scan: ohmq tasks submit, wait and results")
  const tasks = (verb, ...args) =>
    lab.run("ohmq", ["tasks", verb, ...as("operator").split(" "), ...args], { okCodes: [0, 1, 3] })
  const sitemap = await (await fetch(`${origin}/sitemap.txt`)).text()
  const pages = countOf(sitemap)
  writeFileSync(lab.path("pages.txt"), sitemap)
  const submitted = await tasks("submit", "--each", "pages.txt", "--batch", "scan", "--attempts", "5")
  console.log(`  ${submitted.stdout.trim()}: one for each page`)
  const killed = await killOne(lab, client, running)
  const waited = await tasks("wait", "--batch", "scan", "--timeout", "3m")
  console.log(`  ${waited.stdout.trim()}`)
  const done = []
  for await (const task of client.list({ batch: "scan" })) done.push(task)
  const again = done.filter(({ attempt }) => attempt > 1)
  for (const { id, worker, attempt } of again) console.log(`  ${id} was done again, by ${worker} (attempt ${attempt})`)
  const isWhole = pages > 0 && new Set(done.map(({ id }) => id)).size === pages
  lab.check(`all ${pages} tasks have finished`, isWhole && waited.stdout.trim() === `${pages} finished`)
  lab.check(
    `the task of ${killed} was done by another worker`,
    again.some(({ id, worker }) => id === "scan-1" && worker !== killed),
  )

  console.log("\nThe report:")
  const { stdout: sarif } = await tasks("results", "--batch", "scan", "--sarif")
  const perTask = await tasks("results", "--batch", "scan", "--output", "json")
  const reported = perTask.stdout
    .trim()
    .split("\n")
    .flatMap((line) => JSON.parse(line).sarif.runs[0].results)
  const log = JSON.parse(sarif)
  console.log(asText(log, reported))
  const expected = JSON.parse(readFileSync(path.join(import.meta.dirname, "weaknesses.json"), "utf8"))
  const differences = whatDiffers(log, reported, expected)
  for (const difference of differences) console.log(`  ${difference}`)
  lab.check(`it has the ${expected.length} weaknesses of the shop, each once, and no others`, differences.length === 0)
  if (output !== undefined) {
    writeFileSync(output, sarif)
    console.log(`  It is in ${output}`)
  }

  for (const [name, program] of running) if (name !== killed) program.signal("SIGTERM")
  const ends = await Promise.all([...running].map(async ([name, program]) => [name, await program.ended()]))
  controller.signal("SIGTERM")
  lab.check(
    "the other workers and the controller have ended cleanly",
    ends.every(([name, code]) => code === (name === killed ? "SIGKILL" : 0)) && (await controller.ended()) === 0,
  )
}

const output = outputOf()

await Lab.run(import.meta.dirname, async (lab) => {
  console.log("The application, which was made to be attacked:")
  const origin = await openShop(lab)
  const scanners = await startScanners(lab, origin)
  const client = new TaskClient({
    connect: scanners.endpoint,
    security: {
      client: await Certificate.load(lab.path("operator.key_secret")),
      serverKey: await Certificate.load(lab.path("controller.key")),
    },
  })
  try {
    await scan(lab, origin, client, scanners, output)
  } finally {
    client.close()
  }
})
