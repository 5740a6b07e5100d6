// The completion of zsh.

import { type Candidates, type Flag, type Place, profileNames, quoted, spellings } from "./table.js"

/** What _arguments does for a value or an argument. */
function action(candidates: Candidates): string {
  if (typeof candidates !== "string") return `(${candidates.join(" ")})`
  // With a blank in front, it adds no arguments of its own.
  return { files: "_files", profiles: " _ohmq_profiles", "@profiles": " _ohmq_profiles @", nothing: " " }[candidates]
}

/** A text within a specification of _arguments. */
const escaped = (text: string) => text.replace(/[\\[\]:]/g, "\\$&")

function specifications(flag: Flag): string[] {
  const names = spellings(flag)
  const value = flag.value === undefined ? "" : `:${flag.name}:${action(flag.value)}`
  // A list may come again; another option, in any of its spellings, may not.
  const before = flag.isList ? "*" : `(${names.join(" ")})`
  return names.map((name) => {
    // The value may also follow --name= or -n.
    const joint = flag.value === undefined ? "" : name.startsWith("--") ? "=" : "+"
    return quoted(`${before}${name}${joint}[${escaped(flag.help)}]${value}`)
  })
}

function placeCase({ path, words, args, flags }: Place): string {
  const descriptions = words.map(([word, summary]) => `      ${quoted(`${word}:${escaped(summary)}`)}`)
  // Whoever names arguments that nothing completes has zsh offer no options either.
  const isOpen = words.length > 0 || args !== "nothing"
  const rest = words.length > 0 ? "*::command:_ohmq_words" : `*:argument:${action(args)}`
  const all = [...flags.flatMap(specifications), ...(isOpen ? [quoted(rest)] : [])]
  return [
    `    ${quoted(path)})`,
    ...(words.length > 0 ? ["      commands=(", ...descriptions, "      )"] : []),
    ["      _arguments -s", ...all].join(" \\\n        "),
    "      ;;",
  ].join("\n")
}

/** The script. */
export function zsh(places: readonly Place[]): string {
  const known = places.flatMap(({ path }) => (path === "" ? [] : [quoted(path)])).join(" ")
  return `#compdef ohmq
# The completion of ohmq for zsh. To use it: ohmq completion zsh > "\${fpath[1]}/_ohmq"
# or, after compinit: eval "$(ohmq completion zsh)"

_ohmq_profiles() {
  local -a names
  names=(\${(f)"$(${profileNames})"})
  compadd -- $1\${^names}
}

_ohmq_words() {
  _describe command commands
}

_ohmq() {
  local at= next=
  local -a commands known
  integer i=2
  known=(${known})
  while (( i < CURRENT )); do
    next="\${at:+$at }$words[i]"
    (( \${known[(Ie)$next]} )) || break
    at=$next
    (( i++ ))
  done
  words=(ohmq "\${(@)words[i,-1]}")
  (( CURRENT -= i - 2 ))
  case $at in
${places.map(placeCase).join("\n")}
  esac
}

# Either the file is the function, or it is sourced.
if [[ $funcstack[1] == _ohmq ]]; then _ohmq "$@"; else compdef _ohmq ohmq; fi
`
}
