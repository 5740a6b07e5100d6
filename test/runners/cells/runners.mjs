// Test runners: each cell is one run of a runner, in a project with some of the files of tests/.

import { fill, tools } from "../tools.mjs"

/** Growth from the 150th of 300 test files to the last that is no leak: MiB, and numbers of descriptors and threads. */
const growth = { memory: 30, descriptors: 10, threads: 3 }

/** What the process held about the 150th file and about the last, as means. */
function figuresOf(entries) {
  const taken = entries.filter(({ memory }) => memory !== undefined)
  const mean = (from, to, name) => taken.slice(from, to).reduce((sum, each) => sum + each[name], 0) / (to - from)
  return Object.keys(growth).map((name) => ({ name, before: mean(130, 150, name), after: mean(280, 300, name) }))
}

function inWords(figures) {
  const [memory, descriptors, threads] = figures.map(
    ({ before, after }) => `${Math.round(before)} → ${Math.round(after)}`,
  )
  return `${memory} MiB, ${descriptors} descriptors, ${threads} threads`
}

/** Checks that what the process held has levelled off. Returns the figures. */
async function checkMemory(entries, runBaseline) {
  const figures = figuresOf(entries)
  const grows = (own) => figures.some(({ name, before, after }) => after - before > growth[name] + own(name))
  if (!grows(() => 0)) return inWords(figures)
  // Some versions of Node.js keep memory for each test file, whatever is in it.
  const baseline = figuresOf(await runBaseline({ "memory-none": 300 }))
  const said = `${inWords(figures)}; without the package ${inWords(baseline)}`
  const own = (wanted) => {
    const { before, after } = baseline.find(({ name }) => name === wanted)
    return Math.max(0, after - before)
  }
  if (grows(own)) throw new Error(`grows from the 150th file to the last: ${said}`)
  return said
}

/**
 * @param {string} tool
 * @param {string} what
 * @param {Record<string, number>} files
 * @param {{ args?: string[], env?: object, from?: number, compare?: boolean, after?: Function }} more
 *   `after` gets what was recorded, and what runs other files in the same way.
 *   `from` is the first version of Node.js that it is for.
 */
const cell = (tool, what, files, { args = [], env = {}, from = 0, compare = true, limit, after } = {}) => ({
  tool,
  what,
  from,
  // zeromq has none of what these try.
  compare: compare && !Object.keys(files).some((name) => /-own$|jsdom-signal|browser-like/.test(name)),
  async run({ runtime, newProject, start }) {
    const runFiles = async (chosen) => {
      const project = newProject()
      fill(project, tools[tool], chosen)
      const running = start(project, [runtime.command[0], ...tools[tool].start, ...args], env)
      await running.succeed({ tests: project.tests, limit })
      return running.entries
    }
    const entries = await runFiles(files)
    return after?.(entries, runFiles)
  },
})

const jest = (what, files, args, more) => cell("jest", what, files, { args, ...more })
const inBand = ["--runInBand"]
const jsdom = ["--env=jsdom"]

const everywhere = [
  ["fake timers: messages, events, timeouts", { timers: 1, timeouts: 1 }],
  ["fake timers: `peerEvents`, `timeout`, `signal`, `terminate()`", { "timers-own": 1 }],
  ["fake timers: Node's streams over sockets", { "streams-own": 1 }],
  ["fake timers before the package is loaded", { "late-load": 1 }],
  ["exports and methods are replaced", { replaced: 1 }],
  ["bytes of another realm", { realms: 1 }],
  ["keys, batches, errors of another realm", { "realms-own": 1 }],
  ["jsdom's AbortSignal", { "jsdom-signal": 1 }],
]

const memory = { limit: 240_000, after: checkMemory }

export const jestCells = [
  jest("six files", { sockets: 6 }, ["--maxWorkers=2"]),
  jest("six files, `--runInBand`", { sockets: 6 }, inBand),
  jest("six files, `--detectOpenHandles`", { sockets: 6 }, ["--detectOpenHandles"]),
  jest("six files, `workerThreads`", { sockets: 6 }, ["--maxWorkers=2", "--workerThreads"]),
  jest("sockets that are left open", { idle: 3 }, inBand),
  jest("300 files in one process", { memory: 300 }, inBand, memory),
  jest("300 files in one process, sockets left open", { memory: 300 }, inBand, { ...memory, env: { OHMQ_LEAVE: "1" } }),
  jest("environment jsdom", { sockets: 3 }, [...jsdom, ...inBand]),
  jest("environment jsdom: its AbortSignal, timeouts", { "browser-like": 2 }, [...jsdom, ...inBand]),
  jest("`resetModules`, `isolateModules`, mocks of the package", { registry: 2 }, inBand),
  ...everywhere.map(([what, files]) => jest(what, files, inBand)),
  jest("`fakeTimers: { enableGlobally: true }`", { timers: 1, timeouts: 1 }, ['--fakeTimers={"enableGlobally":true}']),
]

export const vitestCells = [
  ...["forks", "threads", "vmForks", "vmThreads"].flatMap((pool) =>
    [
      ["four files", { sockets: 4 }],
      ["fake timers, replaced exports, bytes of another realm", { timers: 1, timeouts: 1, replaced: 1, realms: 1 }],
      ["the same, of what zeromq lacks", { "timers-own": 1, "streams-own": 1, "realms-own": 1, "jsdom-signal": 1 }],
    ].map(([what, files]) => cell("vitest", `${pool}: ${what}`, files, { args: ["--pool", pool] })),
  ),
  cell("vitest", "forks, `--no-isolate`: four files", { sockets: 4 }, { args: ["--pool", "forks", "--no-isolate"] }),
  cell(
    "vitest",
    "threads, `--no-isolate`: four files",
    { sockets: 4 },
    { args: ["--pool", "threads", "--no-isolate"] },
  ),
  cell("vitest", "environment jsdom", { sockets: 2, "browser-like": 1 }, { args: ["--environment", "jsdom"] }),
  cell("vitest", "fake timers before the package is loaded", { "late-load": 1 }),
]

export const otherCells = [
  cell("nodeTest", "four files", { sockets: 4 }),
  cell(
    "nodeTest",
    "four files, `--test-isolation=none`",
    { sockets: 4 },
    { args: ["--experimental-test-isolation=none"], from: 22 },
  ),
  ...everywhere.map(([what, files]) => cell("nodeTest", what, files)),

  cell("mocha", "four files", { sockets: 4 }),
  cell("mocha", "four files, `--parallel`", { sockets: 4 }, { args: ["--parallel"] }),
  // Sinon replaces process.nextTick, without which Node's streams stand still, whatever they are over.
  ...everywhere
    .filter(([, files]) => !("streams-own" in files))
    .map(([what, files]) => cell("mocha", `${what}${/fake|replaced/.test(what) ? " (Sinon)" : ""}`, files)),

  cell("tsx", "`tsx --test`, four files", { sockets: 4 }, { args: ["--test"] }),

  cell("bun", "four files", { sockets: 4 }),
  // Its fake timers take the place of all in the process, also of those that were kept before: no operation times out.
  cell("bun", "fake timers: messages, events", { timers: 1 }),
  cell("bun", "exports and methods are replaced", { replaced: 1 }),
  cell("deno", "four files, with its sanitizers", { sockets: 4 }),
]
