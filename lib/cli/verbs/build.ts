// `ohmq build`: compiles the addon in an installed package.

import { spawn } from "node:child_process"
import { once } from "node:events"
import path from "node:path"
import process from "node:process"

import { UsageError } from "../command/exit.js"
import { defineVerb, flag } from "../command/spec.js"

const script = path.join(__dirname, "../../../scripts/build.mjs")

export const build = defineVerb({
  name: "build",
  summary: "Compiles the native addon for this machine",
  usage: [""],
  about: `
For platforms without a prebuilt addon, or to link another libzmq. Needs a C++ compiler, make and Python 3, and cmake unless
--system-libzmq is given. Downloads node-gyp and node-addon-api from the npm registry, and the pinned releases of libzmq and
libsodium; OHMQ_LIBZMQ_ARCHIVE and OHMQ_LIBSODIUM_ARCHIVE can name local archives. The command ohmq-build is another name for it.`,
  groups: [
    {
      title: "Build",
      options: {
        "system-libzmq": flag(
          "Link the installed libzmq that pkg-config finds, instead of building libzmq and libsodium. It has none of ohmq's patches.",
        ),
        "allow-unpatched": flag(
          "Continue if a patch of libzmq against a crash or an attack does not apply to its sources.",
        ),
      },
    },
  ],
  examples: [],
  run: async ({ args, values, signal }) => {
    if (args.length > 0) throw new UsageError(`Expected no arguments, but received ${JSON.stringify(args.join(" "))}`)
    const options = (["system-libzmq", "allow-unpatched"] as const).filter((name) => values[name])
    const child = spawn(process.execPath, [script, ...options.map((name) => `--${name}`)], { stdio: "inherit" })
    signal.addEventListener("abort", () => child.kill())
    const [code] = (await once(child, "close")) as [number | null]
    return code ?? 1
  },
})
