// `ohmq completion`: prints a shell's completion script, made from the table of verbs.

import process from "node:process"

import { UsageError } from "../command/exit.js"
import { defineVerb, defineVerbs, type Verb } from "../command/spec.js"
import type { Place } from "../completion/table.js"

type Make = () => Promise<(places: readonly Place[]) => string>

const shell = (name: string, howTo: string, command: string, load: Make): Verb =>
  defineVerb({
    name: `completion ${name}`,
    summary: `Prints the completion script of ${name}`,
    usage: [""],
    about: howTo,
    groups: [],
    examples: [{ what: `use it in this ${name}`, command }],
    run: async ({ args, allVerbs }) => {
      if (args.length > 0) throw new UsageError(`Expected no arguments, but received ${JSON.stringify(args.join(" "))}`)
      const { places } = require("../completion/table.js") as typeof import("../completion/table.js")
      const make = await load()
      process.stdout.write(make(places(await allVerbs())))
      return undefined
    },
  })

export const completion = defineVerbs({
  name: "completion",
  summary: "Prints a script with which a shell completes verbs, options, values, files and profiles",
  subcommands: [
    shell(
      "bash",
      'For every shell from now on, add to ~/.bashrc: eval "$(ohmq completion bash)"',
      'eval "$(ohmq completion bash)"',
      async () => (require("../completion/bash.js") as typeof import("../completion/bash.js")).bash,
    ),
    shell(
      "zsh",
      "For every shell from now on, write the script to a file _ohmq in a folder of $fpath, before compinit is called.",
      "ohmq completion zsh > _ohmq",
      async () => (require("../completion/zsh.js") as typeof import("../completion/zsh.js")).zsh,
    ),
    shell(
      "fish",
      "For every shell from now on, write the script to ~/.config/fish/completions/ohmq.fish.",
      "ohmq completion fish > ohmq.fish",
      async () => (require("../completion/fish.js") as typeof import("../completion/fish.js")).fish,
    ),
  ],
  examples: [],
})
