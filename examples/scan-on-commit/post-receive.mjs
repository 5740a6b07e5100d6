// The hook `post-receive` of a bare repository: sends a signed webhook for each branch that was pushed. In the repository, set
//
//   git config webhook.url http://127.0.0.1:8080/github
//   git config webhook.secretFile /etc/ohmq/webhook.secret
//   git config webhook.name OWNER/NAME

import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { text } from "node:stream/consumers"

import { deliver, sign } from "./webhook.mjs"

const git = (...args) => execFileSync("git", args, { encoding: "utf8" }).trim()
const setting = (name) => git("config", `webhook.${name}`)

const name = setting("name")
const secret = readFileSync(setting("secretFile"), "utf8").trim()
const none = /^0+$/

for (const line of (await text(process.stdin)).trimEnd().split("\n")) {
  const [before, after, ref] = line.split(" ")
  const body = JSON.stringify({
    ref,
    before,
    after,
    created: none.test(before),
    deleted: none.test(after),
    repository: { name: name.split("/")[1], full_name: name, html_url: `https://git.example.com/${name}` },
    pusher: { name: process.env.GIT_COMMITTER_NAME ?? process.env.USER ?? "unknown" },
  })
  const { status, text: answer } = await deliver(setting("url"), "push", body, sign(secret, body))
  console.log(`webhook for ${ref}: ${status} ${answer}`)
}
