// The orchestrator knows all tools and does none of their work. They tell it their names, what they run and how busy they
// are, and ask it for what they need.

import * as zmq from "ohmq"

import { settings } from "./child.mjs"
import { bind } from "./links.mjs"

const { files } = settings
/** What each tool has reported about itself, by name. */
const tools = {
  start: { lost: [] },
  "task-queue": { open: files.length, messages: 0 },
  analytics: { counted: 0, findings: 0 },
}
/** The links to the tools that all others need. */
const links = {}
let messages = 0

/** The tools that scan, lost ones included. */
const scanners = () =>
  Object.entries(tools)
    .filter(([, tool]) => tool.scanner)
    .map(([name, tool]) => ({ ...tool, name, lost: tools.start.lost.includes(name) }))

const answers = {
  files: () => files,
  links: () => links,
  report: () => ({ ...tools.analytics.report, workers: scanners() }),
  state: () => ({
    files: files.length,
    counted: tools.analytics.counted,
    findings: tools.analytics.findings,
    workers: scanners().filter((worker) => !worker.lost).length,
    lost: tools.start.lost,
    failure: tools["task-queue"].failure,
    messages: messages + tools["task-queue"].messages + tools.analytics.counted,
    finished: tools.analytics.report !== undefined && tools["task-queue"].open === 0,
  }),
}

const [reply, link] = await bind(zmq.Reply)
// The others get this first link through their parent's channel, and all later links here.
process.send(link, () => {})

for await (const [request] of reply) {
  const { tool, question, facts } = JSON.parse(request.toString())
  tools[tool] = { ...tools[tool], ...facts }
  Object.assign(links, facts.links)
  await reply.send(JSON.stringify(answers[question]()))
  messages += 2
}
