// The text of man/ohmq.1, from the table of verbs of the command.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { inProject, readJson } from "../lib/project.mjs"

const require = createRequire(import.meta.url)

/** A group of options that so many verbs have stands in the page once. */
const MANY = 3

/** Text that troff prints as it is. A line must not begin with a dot or an apostrophe, which begin a request. */
const plain = (text) =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replaceAll("`", "\\(ga")
    .replace(/^(?=[.'])/gm, "\\&")

/** Text in sentences, where a hyphen may be broken at. */
const prose = (text) =>
  plain(text.replace(/\s+/g, " ").trim())
    .replace(/(?<=[A-Za-z])\\-(?=[a-z])/g, "-")
    // Each sentence on a line of its own, as troff wants it, to space them right.
    .replace(/([.!?]) (?=[A-Z])/g, "$1\n")

const bold = (text) => `\\fB${plain(text)}\\fR`
const italic = (text) => `\\fI${plain(text)}\\fR`

/** The value of an option; the words that can be chosen are not placeholders. */
const placeholderOf = ({ placeholder, choices }) => (choices ? bold(placeholder) : italic(placeholder))

function option([name, details]) {
  const { short, placeholder, help } = details
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${name}`].map(bold).join(", ")
  return `.TP\n${names}${placeholder === undefined ? "" : ` ${placeholderOf(details)}`}\n${prose(help)}`
}

const options = ({ options: all }) => Object.entries(all).map(option)

/** What a usage line of a verb looks like: words in capitals are placeholders. */
const usage = (name, form) =>
  [bold(`ohmq ${name}`), plain(form).replace(/[A-Z]{2,}(?:=[A-Z]+)?/g, (word) => `\\fI${word}\\fR`)].join(" ").trimEnd()

const paragraphs = (text = "") =>
  text
    .trim()
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) => `.PP\n${prose(paragraph)}`)

const keyOf = (group) => JSON.stringify([group.title, Object.entries(group.options)])

/** Verbs and their subcommands, in one list. */
const flat = (verbs) => verbs.flatMap((verb) => (verb.subcommands ? [verb, ...flat(verb.subcommands)] : [verb]))

/** The groups that many verbs have, by their key: what they are called in the page. */
function sharedGroups(verbs) {
  const users = new Map()
  for (const verb of verbs)
    for (const group of verb.groups) {
      const key = keyOf(group)
      users.set(key, { group, names: [...(users.get(key)?.names ?? []), verb.name] })
    }
  const shared = [...users].filter(([, { names }]) => names.length >= MANY)
  const isUnique = (title) => shared.filter(([, { group }]) => group.title === title).length === 1
  return new Map(
    shared.map(([key, { group, names }]) => [
      key,
      {
        group,
        title: isUnique(group.title)
          ? group.title
          : `${group.title} of ${names.slice(0, 3).join(", ")}${names.length > 3 ? " and others" : ""}`,
      },
    ]),
  )
}

const example = ({ what, command }) => `.TP\n${prose(what)}\n.EX\n${plain(command)}\n.EE`

function verbSection(verb, shared) {
  const own = verb.groups.filter((group) => !shared.has(keyOf(group)))
  const others = verb.groups.map((group) => shared.get(keyOf(group))?.title).filter((title) => title !== undefined)
  return [
    `.SS ohmq ${plain(verb.name)}`,
    `${prose(verb.summary)}.`,
    ...verb.usage.map((form) => `.PP\n${usage(verb.name, form)}`),
    ...paragraphs(verb.about),
    ...own.flatMap(options),
    ...(others.length > 0
      ? [`.PP\n${own.length > 0 ? "It also has" : "It has"} the options of ${others.map(italic).join(", ")} below.`]
      : []),
    ...verb.examples.map(example),
  ].join("\n")
}

const exits = {
  done: "Done.",
  failed: "Failed, or not everything was delivered.",
  usage: "The command line is wrong.",
  timedOut: "Something did not happen in time.",
  refused:
    "Refused: a key or password was not accepted, or other users can read or change what must be safe from them.",
  interrupted: "Ended by SIGINT (Ctrl-C).",
  terminated: "Ended by SIGTERM.",
}

const environment = {
  OHMQ_PROFILE: "The profile of commands that name none.",
  OHMQ_PREBUILD: "A folder or file with the native addon to load.",
  NO_COLOR: "If it is not empty, nothing is coloured.",
  XDG_CONFIG_HOME: "The folder of the folder with the profiles. Default ~/.config.",
}

const files = {
  "$XDG_CONFIG_HOME/ohmq/profiles":
    "The profiles: for each, its name in brackets, and the lines that ohmq profile show prints. It is not used if other users can change it.",
}

const terms = (table) => Object.entries(table).map(([name, meaning]) => `.TP\n${bold(String(name))}\n${prose(meaning)}`)

/** The date of the release; of a version that is not released, one that does not change. */
const released = () =>
  /^## .*(\d{4}-\d\d-\d\d)/m.exec(readFileSync(inProject("CHANGELOG.md"), "utf8"))?.[1] ?? "2026-01-01"

/** The text of the page. `dist` is the folder of the compiled command. */
export async function manPage(dist) {
  const { allVerbs } = require(path.join(dist, "cli/verbs.js"))
  const { common } = require(path.join(dist, "cli/command/spec.js"))
  const { Exit } = require(path.join(dist, "cli/command/exit.js"))
  const { version } = readJson(inProject("package.json"))
  const verbs = flat(await allVerbs())
  const shared = sharedGroups(verbs)
  return [
    `.TH OHMQ 1 ${released()} "ohmq ${version}" "User Commands"`,
    ".SH NAME\nohmq \\- the command line of ZeroMQ",
    ".SH SYNOPSIS",
    "\\fBohmq\\fR \\fIVERB\\fR [\\fIARGUMENT\\fR...]\n.PP\n\\fBohmq help\\fR [\\fIVERB\\fR]\n.PP\n\\fBohmq \\-\\-version\\fR",
    ".SH DESCRIPTION",
    prose(
      "Sends and receives messages with sockets of every type, looks at sockets, measures them, and makes keys. An endpoint is bound if it " +
        "starts with @ or contains *, and connected otherwise, or if it starts with >. Messages go to standard output, and everything " +
        "else to standard error.",
    ),
    ".SH VERBS",
    ...verbs.map((verb) => verbSection(verb, shared)),
    ".SH OPTIONS\n.SS Options of every verb",
    ...options({ options: common }),
    ...[...shared.values()].flatMap(({ group, title }) => [`.SS ${plain(title)}`, ...options(group)]),
    ".SH EXIT STATUS",
    ...Object.entries(Exit).map(([name, code]) => `.TP\n${bold(String(code))}\n${prose(exits[name])}`),
    ".SH ENVIRONMENT",
    ...terms(environment),
    ".SH FILES",
    ...terms(files),
    ".SH SEE ALSO",
    "The documents of the package, in its folder docs; \\fBzmq\\fR(7).",
  ].join("\n")
}
