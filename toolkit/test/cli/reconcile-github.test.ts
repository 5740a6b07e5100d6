// `ohmq relay reconcile github`, against a server that refuses what GitHub refuses, with a real relay behind its hook.

import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { GithubServer } from "../relay/contract/github-server.js"
import { basic, env, linesOf, RelayProcess, temporaryFolder, until } from "../relay/support.js"

const command = resolve(import.meta.dirname, "../../../dist/cli/main.js")

interface Result {
  status: number
  stdout: string
  stderr: string
}

/** Runs the command while this process serves. */
function reconcile(folder: string, github: GithubServer, ...args: string[]): Promise<Result> {
  const given = ["relay", "reconcile", "github", "--hook", "7", "--api", github.url, ...args]
  const options = { cwd: folder, env: { ...env, GITHUB_TOKEN: "token-write", READ_TOKEN: "token-read", BAD: "bad" } }
  return new Promise((done) => {
    execFile(process.execPath, [command, ...given], options, (error, stdout, stderr) =>
      done({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

const repo = ["--repo", "octo/hello"]

/** A folder with a configuration, and GitHub. */
async function setUp(): Promise<{ folder: string; github: GithubServer }> {
  const folder = temporaryFolder()
  writeFileSync(join(folder, "relay.yaml"), basic)
  return { folder, github: await GithubServer.start() }
}

describe("ohmq relay reconcile github", () => {
  it("asks again for what failed while the relay was away, and for nothing else", async () => {
    const { folder, github } = await setUp()
    let relay = await RelayProcess.start(folder)
    github.hookUrl = `${relay.url}/github`
    await github.deliver("before")
    await relay.end()
    await github.deliver("lost-1")
    await github.deliver("lost-2")
    await github.deliver("again")
    relay = await RelayProcess.start(folder)
    github.hookUrl = `${relay.url}/github`
    // A person has asked for this one already.
    await github.deliver("again", true)
    // This one was stored, but GitHub did not wait for the answer.
    await relay.github("{}", "slow")
    github.add("slow", "timed out", 504)

    const dry = await reconcile(folder, github, ...repo, "--dry-run")
    expect(dry).toMatchObject({ status: 0, stderr: "" })
    expect(dry.stdout).toMatch(
      /^\S+Z {2}push {2}lost-1 {2}502 failed to connect: would be asked for again\n\S+Z {2}push {2}lost-2 .+\n5 events: 2 delivered, 1 stored although GitHub counts them as failed, 2 missing\n$/,
    )
    expect(github.requests.filter((one) => one.startsWith("POST"))).toEqual([])

    const { status, stdout, stderr } = await reconcile(folder, github, ...repo)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).toMatch(
      /lost-1 .+: asked for again\n.+lost-2 .+: asked for again\n5 events: 2 delivered, .+, 2 missing\n$/,
    )
    await until(() => github.attempts.filter(({ status: one, redelivery }) => one === "OK" && redelivery).length === 3)
    await until(() => linesOf(join(folder, "events.ndjson")).length === 5)
    expect(new Set(linesOf(join(folder, "events.ndjson")).map(({ id }) => id))).toEqual(
      new Set(["before", "again", "slow", "lost-1", "lost-2"]),
    )
    const after = await reconcile(folder, github, ...repo, "--output", "json")
    expect(JSON.parse(after.stdout)).toEqual({ events: 5, failed: 1, stored: 1, missing: [], dryRun: false })
    // The relay need not run for a look.
    await relay.end()
    expect((await reconcile(folder, github, ...repo, "--dry-run")).stdout).toContain("1 stored although")
  })

  it("follows pages, back to the time and no further", async () => {
    const { folder, github } = await setUp()
    const now = Date.now()
    for (let i = 0; i < 130; i++) github.add(`old-${i}`, "OK", 200, now - 4 * 86_400e3)
    github.add("early", "failed to connect", 502, now - 2 * 86_400e3)
    for (let i = 0; i < 120; i++) github.add(`new-${i}`, "OK", 200, now - 3600e3)
    const { stdout } = await reconcile(folder, github, ...repo, "--dry-run", "--output", "json")
    expect(JSON.parse(stdout)).toMatchObject({ events: 121, failed: 1, missing: [{ guid: "early", statusCode: 502 }] })
    // 251 attempts are three pages, but the second ends before the time.
    expect(github.requests).toHaveLength(2)
    const recent = await reconcile(folder, github, ...repo, "--dry-run", "--since", "1d")
    expect(recent.stdout).toBe("120 events: 120 delivered, 0 missing\n")
  })

  it("reads the hook of an organization", async () => {
    const { folder, github } = await setUp()
    github.add("a", "OK", 200)
    expect((await reconcile(folder, github, "--org", "octo")).stdout).toBe("1 event: 1 delivered, 0 missing\n")
    expect(github.requests).toEqual(["GET /api/v3/orgs/octo/hooks/7/deliveries?per_page=100"])
  })

  it("goes on after a delivery that GitHub refuses, and exits with 1", async () => {
    const { folder, github } = await setUp()
    github.hookUrl = "http://127.0.0.1:1/"
    github.add("too-old", "failed to connect", 502)
    github.add("fine", "failed to connect", 502)
    github.expired.add("too-old")
    const { status, stdout } = await reconcile(folder, github, ...repo)
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /too-old .+: GitHub refuses: Delivery is too old to be redelivered\n.+fine .+: asked for again\n/,
    )
  })

  it("waits for a rate limit", async () => {
    const { folder, github } = await setUp()
    github.add("a", "OK", 200)
    github.instead.push(
      { status: 502, message: "Bad gateway" },
      { status: 403, headers: { "retry-after": "1" }, message: "You have exceeded a secondary rate limit" },
      {
        status: 429,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.floor(Date.now() / 1000)) },
        message: "API rate limit exceeded",
      },
    )
    const { status, stdout, stderr } = await reconcile(folder, github, ...repo)
    expect({ status, stdout }).toEqual({ status: 0, stdout: "1 event: 1 delivered, 0 missing\n" })
    expect(stderr).toMatch(
      /^GitHub's rate limit is reached: waiting 1 s\nGitHub's rate limit is reached: waiting \d s\n$/,
    )
    expect(github.requests).toHaveLength(4)
  })

  it.each([
    [
      ["--token", "env:BAD"],
      "GitHub answered 401 (Bad credentials). The token is wrong or has expired. Make a new one",
    ],
    [
      ["--token", "env:READ_TOKEN"],
      "GitHub answered 403 (Resource not accessible by personal access token). The token may not do this. It needs write access to webhooks: a fine-grained token the permission Webhooks, a classic one the scope admin:repo_hook or admin:org_hook",
    ],
    [
      ["--hook", "8"],
      "GitHub answered 404 (Not Found). There is no such hook, or the token may not see it. Check --repo or --org, --hook and the permissions of the token",
    ],
  ])("with %j, says what to do", async (args, message) => {
    const { folder, github } = await setUp()
    github.add("a", "failed to connect", 502)
    expect(await reconcile(folder, github, ...repo, ...args)).toEqual({
      status: 1,
      stdout: "",
      stderr: `error: ${message}\n`,
    })
  })

  it.each([
    [[], "Expected either --repo OWNER/NAME or --org NAME"],
    [["--repo", "hello"], '--repo: Expected OWNER/NAME but received "hello"'],
    [[...repo, "--hook", "x"], "--hook: Expected the number of the hook: it ends the URL of the hook's settings"],
    [[...repo, "--token", "ghp_secret"], "--token: Expected env:NAME or file:PATH, and not the token itself"],
    [[...repo, "--token", "env:NONE_SUCH"], "--token: The environment variable NONE_SUCH is not set"],
    [[...repo, "--api", "http://github.example.com"], "--api: http: would send the token unencrypted. Use https:"],
    [
      [...repo, "--since", "soon"],
      '--since: Expected a time such as 2026-11-29T10:00Z, or a duration such as 24h, but received "soon"',
    ],
  ])("refuses %j", async (args, message) => {
    const { folder, github } = await setUp()
    expect(await reconcile(folder, github, ...args)).toEqual({ status: 2, stdout: "", stderr: `error: ${message}\n` })
    expect(github.requests).toEqual([])
  })

  it("gives the token to no other server", async () => {
    const { folder, github } = await setUp()
    const other = await GithubServer.start()
    github.instead.push({ status: 200, headers: { link: `<${other.url}/x>; rel="next"` } })
    const { status, stderr } = await reconcile(folder, github, ...repo)
    expect(status).toBe(1)
    expect(stderr).toBe(`error: GitHub refers to ${new URL(other.url).origin}, which is not given the token\n`)
    expect(other.requests).toEqual([])
  })
})
