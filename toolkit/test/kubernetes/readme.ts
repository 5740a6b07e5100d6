// The steps of integrations/kubernetes/README.md.

import { execFile } from "node:child_process"
import { cpSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { promisify } from "node:util"
import { command } from "../relay/support.js"

const integration = resolve(import.meta.dirname, "../../../integrations/kubernetes")

/** Copies the integration to a folder, and makes the keys there as the README does it. Resolves to the copy. */
export async function deployable(folder: string): Promise<string> {
  const copy = join(folder, "integrations/kubernetes")
  cpSync(integration, copy, { recursive: true })
  const [, steps = "exit 1"] =
    /^## Deploying it\n\n```sh\n(.+?)^```/ms.exec(readFileSync(join(copy, "README.md"), "utf8")) ?? []
  // There is no cluster.
  const local = steps.replaceAll(/^kubectl .*\n/gm, "").replaceAll("npx ohmq", `"${process.execPath}" "${command}"`)
  await promisify(execFile)("sh", ["-e", "-c", local], { cwd: folder })
  return copy
}
