// `ohmq store`: looking after the files of a store.

import { resolve } from "node:path"
import process from "node:process"
import { backupStore, type CheckReport, checkStore, compactStore, repairStore } from "../store/index.js"
import { type CommandVerb, runCommand } from "./commands.js"
import { Progress, plural, sizeText } from "./terminal.js"
import { isJson, parseUsage, UsageError } from "./usage.js"

const say = (text: string) => process.stdout.write(`${text}\n`)

/** The arguments, all of which are required. */
function folders<const Name extends string>(args: readonly string[], ...names: readonly Name[]) {
  const { positionals, values } = parseUsage(args, names.length, ["output"])
  const missing = names[positionals.length]
  if (missing !== undefined) throw new UsageError(`Expected ${missing}`)
  return { folders: positionals as [string, string], asJson: isJson(values.output) }
}

const contents = ({ entries, bytes, segments }: CheckReport) =>
  `${plural(entries, "event")} in ${plural(segments, "file")}, ${sizeText(bytes)}`

function damageLines({ damage }: CheckReport): string[] {
  return damage.map(({ file, offset, first, last, reason }) => {
    const what =
      last === undefined
        ? `entry ${first} and what follows it`
        : last > first
          ? `entries ${first} to ${last}`
          : `entry ${first}`
    return `${file}: ${what} cannot be read: ${reason} at byte ${offset}`
  })
}

async function check(args: readonly string[]): Promise<number> {
  const {
    folders: [folder],
    asJson,
  } = folders(args, "FOLDER")
  using progress = new Progress("Checking")
  const report = await checkStore(folder, progress.show)
  progress[Symbol.dispose]()
  const isIntact = report.damage.length === 0
  if (asJson) say(JSON.stringify({ folder: resolve(folder), intact: isIntact, ...report }))
  else {
    say(`${folder}: ${contents(report)}, ${isIntact ? "intact" : "damaged"}`)
    for (const line of damageLines(report)) say(line)
    if (!isIntact) say(`Restore a backup, or keep what is intact: ohmq store repair ${folder}`)
  }
  return isIntact ? 0 : 1
}

async function backup(args: readonly string[]): Promise<number> {
  const {
    folders: [folder, to],
    asJson,
  } = folders(args, "FOLDER", "TO")
  using progress = new Progress("Copying")
  const report = await backupStore(folder, to, progress.show)
  progress[Symbol.dispose]()
  if (asJson) say(JSON.stringify({ folder: resolve(folder), to: resolve(to), ...report }))
  else say(`${to}: ${contents(report)}, copied and checked`)
  return 0
}

async function compact(args: readonly string[]): Promise<number> {
  const {
    folders: [folder],
    asJson,
  } = folders(args, "FOLDER")
  const freed = await compactStore(folder)
  if (asJson) say(JSON.stringify({ folder: resolve(folder), freed }))
  else say(`${folder}: ${freed === 0 ? "there was nothing to free" : `${sizeText(freed)} freed`}`)
  return 0
}

async function repair(args: readonly string[]): Promise<number> {
  const {
    folders: [folder],
    asJson,
  } = folders(args, "FOLDER")
  using progress = new Progress("Repairing")
  const { before, after } = await repairStore(folder, progress.show)
  progress[Symbol.dispose]()
  if (asJson) say(JSON.stringify({ folder: resolve(folder), repaired: before.damage, ...after }))
  else if (before.damage.length === 0) say(`${folder}: ${contents(after)}, intact: there was nothing to repair`)
  else {
    for (const line of damageLines(before)) say(line)
    say(`${folder}: ${contents(after)}, repaired. The damaged files are in ${folder}/damaged`)
  }
  return 0
}

const json = "--output json prints one JSON object."

const verb: CommandVerb = {
  name: "store",
  intro: "FOLDER is the folder of a store, such as store.path of a relay.",
  commands: {
    check: {
      usage: "check FOLDER [--output json]",
      purpose: "read every byte and verify it",
      about: `Lists damage by file, byte and entries, and exits with 1 if there is any. It writes nothing and needs no
lock: the store may be in use. ${json}`,
      run: check,
    },
    backup: {
      usage: "backup FOLDER TO [--output json]",
      purpose: "copy a store to a new folder, and check the copy",
      about: `The copy has everything that was on disk when the command began. The store may be in use. An incomplete
copy cannot be opened. To restore, stop the relay and put the copy in the place of the folder. ${json}`,
      run: backup,
    },
    compact: {
      usage: "compact FOLDER [--output json]",
      purpose: "free the space of events that all sinks have",
      about: `Whatever the retention is. If a process has the store open, that process does it. ${json}`,
      run: compact,
    },
    repair: {
      usage: "repair FOLDER [--output json]",
      purpose: "keep every intact event of a damaged store",
      about: `Puts gap records in place of what cannot be read, and keeps the damaged files in the folder "damaged". Stop the
relay first: the store must not be in use. Files without damage stay as they are. ${json}`,
      run: repair,
    },
  },
}

export const store = (args: readonly string[]): Promise<number> => runCommand(verb, args)
