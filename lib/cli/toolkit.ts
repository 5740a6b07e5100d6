// The verbs of ohmq-toolkit, which is a package of its own.

import process from "node:process"
import { pathToFileURL } from "node:url"

/** What ohmq-toolkit/cli exports. */
interface Toolkit {
  /** The names of its verbs. */
  readonly verbs: readonly string[]
  /** Runs one, and resolves to the exit code. */
  run(verb: string, args: readonly string[]): Promise<number>
}

/** The toolkit that is installed where the command runs, or beside this package. Undefined if there is none. */
export async function findToolkit(): Promise<Toolkit | undefined> {
  let file: string
  try {
    file = require.resolve("ohmq-toolkit/cli", { paths: [process.cwd(), __dirname] })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined
    throw error
  }
  return (await import(pathToFileURL(file).href)) as Toolkit
}
