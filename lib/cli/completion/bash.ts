// The completion of bash, which needs nothing else: not even the package bash-completion.

import { type Candidates, type Flag, type Place, profileNames, quoted, spellings } from "./table.js"

const kindOf = (candidates: Candidates) =>
  typeof candidates === "string" ? `kind=${candidates}` : `kind=words words=${quoted(candidates.join(" "))}`

/** The cases of the options that take a value; those with the same candidates are one. */
function valueCases(flags: readonly Flag[]): string[] {
  const byKind = new Map<string, string[]>()
  for (const flag of flags) {
    if (flag.value === undefined) continue
    const kind = kindOf(flag.value)
    byKind.set(kind, [...(byKind.get(kind) ?? []), ...spellings(flag)])
  }
  return [...byKind].map(([kind, names]) => `        ${names.join("|")}) ${kind} ;;`)
}

function placeCase({ path, words, args, flags }: Place): string {
  const own = words.length > 0 ? words.map(([word]) => word) : args
  const options = flags.map(({ name }) => `--${name}`).join(" ")
  const cases = valueCases(flags)
  return [
    `    ${quoted(path)})`,
    `      ${kindOf(own)}`,
    `      options=${quoted(options)}`,
    ...(cases.length > 0 ? ['      case "$previous" in', ...cases, "      esac"] : []),
    "      ;;",
  ].join("\n")
}

/** The script. */
export function bash(places: readonly Place[]): string {
  const known = places.flatMap(({ path }) => (path === "" ? [] : [quoted(path)])).join("|")
  return `# The completion of ohmq for bash. To use it: eval "$(ohmq completion bash)"

_ohmq_profiles() {
  ${profileNames}
}

_ohmq() {
  # Not COMP_WORDS, which is split at characters such as : and =, too.
  local line=\${COMP_LINE:0:COMP_POINT} at= kind= words= options= previous= word=
  local -a given
  read -ra given <<<"$line"
  [[ $line == *[[:space:]] ]] && given+=("")
  local last=$((\${#given[@]} - 1)) i
  word=\${given[last]}
  for ((i = 1; i < last; i++)); do
    case "\${at:+$at }\${given[i]}" in
    ${known}) at="\${at:+$at }\${given[i]}" ;;
    *) break ;;
    esac
  done
  # What is between the names of the verb and the word.
  ((i < last)) && previous=\${given[last - 1]}
  if [[ $word == --*=* ]]; then
    previous=\${word%%=*} word=\${word#*=}
  fi
  case "$at" in
${places.map(placeCase).join("\n")}
  esac
  COMPREPLY=()
  if [[ $word == -* && $options ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
    return
  fi
  case "$kind" in
  words) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  files) compopt -o default ;;
  profiles) COMPREPLY=($(compgen -W "$(_ohmq_profiles)" -- "$word")) ;;
  @profiles) COMPREPLY=($(compgen -P @ -W "$(_ohmq_profiles)" -- "\${word#@}")) ;;
  esac
}

complete -F _ohmq ohmq
`
}
