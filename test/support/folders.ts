// Empty folders that are removed after use.

import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { afterAll, onTestFinished } from "vitest"

const create = () => mkdtempSync(path.join(realpathSync(tmpdir()), "ohmq-"))
const remove = (folder: string) => rmSync(folder, { recursive: true, force: true })

/** A folder for one test. */
export function temporaryFolder(): string {
  const folder = create()
  onTestFinished(() => remove(folder))
  return folder
}

/** A folder for all tests of a file. To be called outside of tests and of hooks, where vitest would never run the removal. */
export function sharedFolder(): string {
  const folder = create()
  afterAll(() => remove(folder))
  return folder
}
