// The git server of the example: a bare repository with the hook, and a clone to work in.

import { mkdirSync, writeFileSync } from "node:fs"
import path from "node:path"

export const repository = "shop/web"
export const branch = "feature"

/** Nothing of the user's own configuration of git counts. */
const env = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_COMMITTER_NAME: "ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
}

export class GitServer {
  #lab
  #bare

  constructor(lab, folder) {
    this.#lab = lab
    this.#bare = path.join(folder, `${repository}.git`)
    this.clone = lab.path("clone")
  }

  static async start(lab, folder, hook) {
    Object.assign(lab.env, env)
    const server = new GitServer(lab, folder)
    const bare = server.#bare
    mkdirSync(path.dirname(bare), { recursive: true })
    await lab.run("git", ["init", "--quiet", "--bare", "--initial-branch=main", bare])
    for (const [name, value] of Object.entries({ url: hook, secretFile: lab.path("webhook.secret"), name: repository }))
      await lab.run("git", ["--git-dir", bare, "config", `webhook.${name}`, value])
    const script = `#!/bin/sh\nexec node '${lab.path("post-receive.mjs")}'\n`
    writeFileSync(path.join(bare, "hooks/post-receive"), script, { mode: 0o755 })
    await lab.run("git", ["clone", "--quiet", bare, server.clone])
    await server.#git("checkout", "--quiet", "-b", branch)
    return server
  }

  #git(...args) {
    return this.#lab.run("git", ["-C", this.clone, ...args])
  }

  /** Makes a commit that has these files and no others, and returns it. */
  async commit(files, message) {
    await this.#git("rm", "-r", "--quiet", "--ignore-unmatch", ".")
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.clone, name)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
    await this.#git("add", "--all")
    await this.#git("commit", "--quiet", "--message", message)
    return (await this.#git("rev-parse", "HEAD")).stdout.trim()
  }

  /** Pushes what was committed, and prints what the hook says. */
  async push() {
    const { stderr } = await this.#git("push", "--quiet", "origin", branch)
    for (const line of stderr.split("\n")) if (line.startsWith("remote: webhook")) console.log(`  ${line.trim()}`)
  }

  /** The commit of a branch; empty if there is none. */
  async head(name) {
    const args = ["--git-dir", this.#bare, "rev-parse", "--quiet", "--verify", name]
    return (await this.#lab.run("git", args, { okCodes: [0, 1] })).stdout.trim()
  }
}
