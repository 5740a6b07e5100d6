// `npm start -- --stay`: new commits are scanned, and the pages show it.

import { execFileSync } from "node:child_process"
import { readdirSync, rmSync } from "node:fs"
import { expect, it, onTestFinished } from "vitest"
import { descendantsOf, expectGone, kill, PATIENCE, Started, temporary, toolsOf, write } from "./devsecops-runs.js"

/** A repository with one commit, and a function that commits files. */
function repository() {
  const folder = temporary()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", stdio: "pipe" })
  git("init", "-q")
  const commit = (files: Record<string, string>) => {
    write(folder, files)
    git("add", "-A")
    git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "change")
    return git("rev-parse", "HEAD").slice(0, 10)
  }
  commit({ "a.js": "eval(input)\n", "b.js": "clean()\n" })
  return { folder, commit, git }
}

async function metric(page: string, name: string): Promise<number> {
  const text = await (await fetch(`${page}/metrics`)).text()
  const line = text.split("\n").find((one) => one.startsWith(name))
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ")))
}

it("scans what each new commit has changed, shows it on the page, and ends on Ctrl-C", {
  timeout: PATIENCE,
}, async () => {
  const { folder, commit, git } = repository()
  const run = new Started(folder, "--workers", "1", "--stay")
  await run.said("Watching for commits: ")
  expect(run.stdout).toMatch(/^total +1 +0 +0$/m)
  const [, hub = "", edge = "", tasks = ""] = /hub (\S+), edge (\S+), tasks (\S+)/.exec(run.stderr) ?? []
  expect(await (await fetch(hub)).text()).toContain("audit")
  expect(await (await fetch(edge)).text()).toContain("hub")
  expect(await (await fetch(tasks)).text()).toContain("worker-1")
  expect(await metric(hub, "findings_total")).toBe(1)

  git("rm", "-q", "b.js")
  const first = commit({ "sub/c.js": "clean()\n\neval(more)\n", "README.md": "eval(text)\n" })
  await run.said(`Commit ${first}: 1 file, 1 finding\n`)
  await run.said("  error security/detect-eval-with-expression sub/c.js:3:1\n")
  await run.until(() => (run.stdout.match(/books of both relays balance/g) ?? []).length === 2)
  expect(await metric(hub, "findings_total")).toBe(2)

  // Started again, the hub is where it was.
  kill(toolsOf(run.pid, "hub")[0]?.pid)
  await run.said("Lost hub (SIGKILL)")
  const second = commit({ "a.js": "eval(input)\neval(output)\n" })
  await run.said(`Commit ${second}: 1 file, 2 findings\n`)
  expect((await fetch(hub)).status).toBe(200)
  const third = commit({ "README.md": "text\n" })
  await run.said(`Commit ${third}: no JavaScript or TypeScript files changed\n`)

  const children = descendantsOf(run.pid).map(({ pid }) => pid)
  kill(run.pid, "SIGINT")
  await run.ends(0)
  await expectGone(children)
  expect(readdirSync(run.tmp)).toEqual([])
})

it("stays without a repository, too", { timeout: PATIENCE }, async () => {
  const folder = temporary()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  write(folder, { "a.js": "clean()\n" })
  const run = new Started(folder, "--stay", "--workers", "1")
  await run.said("Not in a git repository: ")
  kill(run.pid, "SIGTERM")
  await run.ends(0)
})
