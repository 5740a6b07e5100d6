// Libraries that make the system fail in a process of its own, through LD_PRELOAD.

import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import path from "node:path"

import { expect } from "vitest"

import { temporaryFolder } from "./folders.js"

/** Whether programs can be started with such a library: not under a sanitizer, which has to be the first library itself. */
export const canPreload = process.platform === "linux" && !process.env.OHMQ_TEST_ENV

/** Compiles a library from C. Returns its file, for LD_PRELOAD. */
export function compileLibrary(code: string): string {
  const folder = temporaryFolder()
  const [source, library] = [path.join(folder, "fail.c"), path.join(folder, "fail.so")]
  writeFileSync(source, `#define _GNU_SOURCE\n${code}`)
  const { status, stderr } = spawnSync("c++", ["-x", "c", "-shared", "-fPIC", "-o", library, source, "-ldl"])
  expect(String(stderr)).toBe("")
  expect(status).toBe(0)
  return library
}
