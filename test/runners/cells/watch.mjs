// Runners and servers that run again when a file changes.

import { appendFileSync } from "node:fs"
import path from "node:path"

import * as zmq from "ohmq"

import { toolFolder } from "../base.mjs"
import { fill, tools } from "../tools.mjs"

/** How often a file changes. */
const changes = 3

const touch = (file) => appendFileSync(file, "\n// changed\n")

/** What ends with a signal does so with the signal, or with this number for SIGINT, or with success. */
const interrupted = [0, 1, 130, "SIGINT"]

/** Runs its tests again and again: when it is idle, a file is changed. Then it is ended. */
async function rerun(running, project, { change, perRound = project.tests, status = interrupted }) {
  let rounds = 0
  for (; rounds <= changes; rounds += 1) {
    if (rounds > 0) touch(project.path(change))
    await running.untilResults(perRound * (rounds + 1))
    await running.untilIdle()
  }
  running.signal("SIGINT")
  await running.succeed({ tests: perRound * rounds, status })
}

const runner = (tool, what, { args, files = { sockets: 2 }, change, from = 0, prepare = () => {}, ...more }) => ({
  tool,
  what,
  from,
  compare: true,
  async run({ runtime, newProject, start }) {
    const project = newProject()
    fill(project, tools[tool], files)
    prepare(project)
    await rerun(start(project, [...runtime.command, ...args]), project, { change, ...more })
  },
})

const bin = (name, file) => path.join(toolFolder(name), file)
const mocha = [bin("mocha", "bin/mocha.js"), "--watch", "*.test.js"]

/** A server at one address that is started again with what has changed, which its clients see. */
const server = (tool, what, { args, file = "server.js" }) => ({
  tool,
  what,
  from: 0,
  compare: true,
  async run({ runtime, newProject, start }) {
    const project = newProject()
    project.write("package.json", { type: "module" })
    project.add("adapters/record.js")
    project.add("adapters/plain.js", "adapter.js")
    project.add("reloads/server.js", file)
    const greet = (word) => project.write("greeting.js", `export const greeting = "${word}"\n`)
    greet("round 0")
    const address = `ipc://${project.path("tmp/server")}`
    const running = start(project, [...runtime.command, ...args, file], { OHMQ_TEST_ADDRESS: address })
    const request = new zmq.Request({ linger: 0, relaxed: true, correlate: true })
    try {
      request.connect(address)
      for (let round = 0; round <= changes; round += 1) {
        if (round > 0) greet(`round ${round}`)
        await running.untilResults(round + 1)
        const answer = await ask(request)
        if (answer !== `round ${round}, who`) throw new Error(`The server answers "${answer}" in round ${round}`)
        await running.untilIdle()
      }
      running.signal("SIGINT")
      await running.succeed({ tests: changes + 1, status: [...interrupted, 143, "SIGTERM"] })
    } finally {
      request.close()
    }
  },
})

/** Asks until there is an answer: what was sent to the server before went with it. */
async function ask(request) {
  for (;;) {
    await request.send("who", { timeout: 5000 })
    try {
      return String(await request.receive({ timeout: 500 }))
    } catch (error) {
      if (error.code !== "EAGAIN") throw error
    }
  }
}

export const watchCells = [
  runner("jest", "`--watchAll`: two files, run four times", {
    args: [bin("jest", "bin/jest.js"), "--watchAll", "--runInBand"],
    change: "sockets-0.test.js",
  }),
  runner("vitest", "`--watch`: one file, run four times", {
    args: [bin("vitest", "vitest.mjs"), "--watch"],
    files: { sockets: 1 },
    change: "sockets.test.js",
  }),
  runner("nodeTest", "`--watch`: one file, run four times", {
    args: ["--test", "--watch"],
    files: { sockets: 1 },
    change: "sockets.test.js",
  }),
  runner("mochaCommonJs", "`--watch`: two files, run four times", { args: mocha, change: "sockets-0.test.js" }),
  runner("mochaCommonJs", "`--watch`, the package watched too, as in a workspace: sockets of all rounds keep working", {
    args: [...mocha, "--watch-files", "**/*.js"],
    files: { rounds: 1 },
    change: "rounds.test.js",
    prepare(project) {
      project.copyPackage("packages/the-package")
      project.link(`node_modules/${project.packageName}`, "packages/the-package")
    },
  }),
  server("tsx", "`tsx watch`: a server, started again", {
    args: [bin("tsx", "dist/cli.mjs"), "watch", "--clear-screen=false"],
    file: "server.ts",
  }),
  server("node", "`node --watch`: a server, started again", { args: ["--watch", "--watch-preserve-output"] }),
  server("bunRun", "`bun --watch`: a server, started again", { args: ["--watch", "--no-clear-screen"] }),
  server("denoRun", "`deno run --watch`: a server, started again", { args: ["--watch", "--no-clear-screen"] }),
  {
    tool: "bunRun",
    what: "`bun --hot`: servers of all rounds keep working",
    from: 0,
    compare: true,
    async run({ runtime, newProject, start }) {
      const project = newProject()
      project.write("package.json", { type: "module" })
      for (const [source, name] of [
        ["adapters/record.js"],
        ["adapters/plain.js", "adapter.js"],
        ["reloads/load.js"],
        ["reloads/hot.js"],
      ])
        project.add(source, name)
      const running = start(project, [...runtime.command, "--hot", "--no-clear-screen", "hot.js"])
      await rerun(running, project, { change: "hot.js" })
    },
  },
]
