// The file of the profiles: a section for each, and in it an option a line. It names other files, and never has a secret.

import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs"
import { homedir } from "node:os"
import path from "node:path"
import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"

import { CommandError, RefusedError } from "../command/exit.js"
import { systemReason } from "../command/reasons.js"

/** A line of a section: "cert = /etc/ohmq/server.key_secret", or "bind", which has no value. */
export interface Line {
  readonly option: string
  readonly value: string | undefined
  /** Its number in the file. */
  readonly number: number
}

/** The folder of this user's configuration of ohmq (the XDG Base Directory Specification). */
function folder(): string {
  const { XDG_CONFIG_HOME: configured } = process.env
  // A relative path is to be ignored.
  return path.join(configured && path.isAbsolute(configured) ? configured : path.join(homedir(), ".config"), "ohmq")
}

/** Where the profiles are. */
export const profileFile = () => path.join(folder(), "profiles")

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT"

/** Whoever can change the file could have us send to them what is meant for others. */
function checkOwner(name: string, { mode, uid }: Stats): void {
  if (process.platform === "win32") return
  if ((mode & 0o022) !== 0)
    throw new RefusedError(`Other users can change ${name}. Check it, and run: chmod go-w ${name}`)
  if (uid !== process.getuid?.() && uid !== 0) throw new RefusedError(`${name} belongs to another user (${uid})`)
}

/** The text of the file; empty without one. */
function readText(): string {
  const file = profileFile()
  try {
    checkOwner(path.dirname(file), statSync(path.dirname(file)))
    checkOwner(file, statSync(file))
    return readFileSync(file, "utf8")
  } catch (error) {
    if (isMissing(error)) return ""
    if (error instanceof CommandError) throw error
    throw new CommandError(`Cannot read the profiles in ${file}: ${systemReason(error)}`)
  }
}

/** What can be the name of a profile. */
export const isProfileName = (text: string) => /^[A-Za-z0-9_-]+$/.test(text)

/** An error in a line of the file. */
export const lineError = (number: number, problem: string) =>
  new CommandError(`${profileFile()}, line ${number}: ${problem}`)

const header = /^\[(.*)\]$/

/** The sections of the file by name. */
export function readProfiles(): Map<string, Line[]> {
  const profiles = new Map<string, Line[]>()
  let current: Line[] | undefined
  for (const [index, raw] of readText().split(/\r?\n/).entries()) {
    const number = index + 1
    const text = raw.trim()
    if (text === "" || text.startsWith("#")) continue
    const name = header.exec(text)?.[1]
    if (name !== undefined) {
      if (!isProfileName(name))
        throw lineError(number, `expected [NAME] of letters, digits, _ and -, but found ${text}`)
      if (profiles.has(name)) throw lineError(number, `there is a profile ${name} already`)
      current = []
      profiles.set(name, current)
      continue
    }
    const [, option, value] = /^([a-z-]+)(?:\s*=\s*(.*))?$/.exec(text) ?? []
    if (option === undefined) throw lineError(number, `expected [NAME], an option or OPTION = VALUE, but found ${text}`)
    if (current === undefined) throw lineError(number, `expected [NAME] before the first option`)
    current.push({ option, value, number })
  }
  return profiles
}

/** The text without the section of a profile. */
function withoutProfile(text: string, name: string): string {
  let isIn = false
  const kept = text.split("\n").filter((line) => {
    const found = header.exec(line.trim())?.[1]
    if (found !== undefined) isIn = found === name
    return !isIn
  })
  return kept.join("\n").trimEnd()
}

/** How long to wait for another command that is changing the file. Milliseconds. */
const PATIENCE = 2000

/** Opens the new file, which nobody else must have open: so two commands cannot undo what the other one did. */
async function openNew(temporary: string): Promise<number> {
  for (const deadline = performance.now() + PATIENCE; ; await sleep(20)) {
    try {
      return openSync(temporary, "wx", 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
      if (performance.now() > deadline)
        throw new CommandError(`Another command is changing the profiles. If none is, remove ${temporary}`)
    }
  }
}

/** The file itself, if the name is a link to it. */
function target(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    if (isMissing(error)) return file
    throw error
  }
}

/**
 * Replaces or removes the section of a profile, and leaves all others as they are.
 * @param decide Gets the profiles as they are, and gives the lines of the section; undefined for none. It may throw.
 */
export async function changeProfile(
  name: string,
  decide: (profiles: Map<string, Line[]>) => readonly string[] | undefined,
): Promise<void> {
  mkdirSync(folder(), { recursive: true, mode: 0o700 })
  const file = target(profileFile())
  const temporary = `${file}.new`
  const descriptor = await openNew(temporary)
  try {
    const lines = decide(readProfiles())
    const others = withoutProfile(readText(), name)
    const section = lines && [`[${name}]`, ...lines].join("\n")
    const text = [others, section].filter(Boolean).join("\n\n")
    if (process.platform !== "win32") fchmodSync(descriptor, 0o600)
    writeFileSync(descriptor, text === "" ? "" : `${text}\n`)
    fsyncSync(descriptor)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}
