// The completion of fish.

import { type Candidates, type Flag, type Place, profileNames } from "./table.js"

const quoted = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`

/** The options of `complete` for what a value can be. */
function value(candidates: Candidates | undefined): string {
  if (candidates === undefined) return ""
  if (typeof candidates !== "string") return ` -x -a ${quoted(candidates.join(" "))}`
  return { files: " -r -F", profiles: " -x -a '(__ohmq_profiles)'", "@profiles": "", nothing: " -x" }[candidates]
}

const args = {
  files: "-F",
  profiles: "-a '(__ohmq_profiles)'",
  "@profiles": "-a '(__ohmq_profiles @)'",
} as const

function linesOf(place: Place): string[] {
  const start = `complete -c ohmq -n ${quoted(`__ohmq_at ${place.path}`.trim())}`
  const flag = ({ name, short, help, value: candidates }: Flag) =>
    `${start} -l ${name}${short === undefined ? "" : ` -s ${short}`}${value(candidates)} -d ${quoted(help)}`
  const own = typeof place.args === "string" && place.args !== "nothing" ? [`${start} ${args[place.args]}`] : []
  return [
    ...place.words.map(([word, summary]) => `${start} -a ${word} -d ${quoted(summary)}`),
    ...own,
    ...place.flags.map(flag),
  ]
}

/** The script. */
export function fish(places: readonly Place[]): string {
  const known = places.flatMap(({ path }) => (path === "" ? [] : [quoted(path)])).join(" ")
  return `# The completion of ohmq for fish. To use it: ohmq completion fish > ~/.config/fish/completions/ohmq.fish

set -g __ohmq_known ${known}

function __ohmq_profiles
    set -l names (sh -c ${quoted(profileNames)})
    for name in $names
        echo "$argv$name"
    end
end

# Whether the words before the cursor name exactly this verb.
function __ohmq_at
    set -l at
    for word in (commandline -opc)[2..]
        contains -- (string join -- ' ' $at $word) $__ohmq_known; or break
        set -a at $word
    end
    test "$at" = "$argv"
end

complete -c ohmq -f
${places.flatMap(linesOf).join("\n")}
`
}
