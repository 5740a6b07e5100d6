// Compiles programs against a package as users do: with several compilers and every module resolution.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { root, runCommand } from "./process.js"
import { toolchain } from "./toolchains.js"

export type Mode = "node10" | "node16" | "nodenext" | "bundler"

const own = (name: string) => path.join(root, "node_modules", name)

/** The compilers, each with types of Node.js that it can read and the module resolutions that it supports. */
export const compilers = {
  "5.0": { folder: toolchain("typescript-5.0"), node: toolchain("types-node-20.1") },
  "5.4": { folder: toolchain("typescript-5.4"), node: toolchain("types-node-20.1") },
  "5.9": { folder: toolchain("typescript-5.9"), node: own("@types/node") },
  "6.0": { folder: own("typescript"), node: own("@types/node") },
  "7.0": { folder: toolchain("typescript-7.0"), node: toolchain("types-node-26") },
} as const

export type Compiler = keyof typeof compilers

const modes: Record<Mode, object> = {
  node10: { module: "commonjs", moduleResolution: "node" },
  node16: { module: "node16", moduleResolution: "node16" },
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
}

export interface Diagnostic {
  file: string
  line: number
  code: string
  text: string
}

export const toText = ({ file, line, code, text }: Diagnostic) => `${file}:${line} ${code}: ${text}`

/**
 * Creates a project. `corpora` are folders of programs, `packages` the folders of packages that they import, by name. Programs are CommonJS
 * modules in cjs/, and ES modules in esm/; those in a folder commonjs or modules are only one of the two.
 */
export function layOut(
  folder: string,
  corpora: string[],
  packages: Record<string, string>,
  change: (source: string) => string = (source) => source,
): void {
  for (const [name, target] of Object.entries(packages)) {
    const link = path.join(folder, "node_modules", name)
    mkdirSync(path.dirname(link), { recursive: true })
    symlinkSync(target, link, "junction")
  }
  for (const [kind, type, other] of [
    ["cjs", "commonjs", "modules"],
    ["esm", "module", "commonjs"],
  ] as const) {
    mkdirSync(path.join(folder, kind), { recursive: true })
    writeFileSync(path.join(folder, kind, "package.json"), JSON.stringify({ type }))
    for (const corpus of corpora) {
      const target = path.join(folder, kind, path.basename(corpus))
      cpSync(corpus, target, { recursive: true, filter: (file) => path.basename(file) !== other })
      for (const file of readdirSync(target, { recursive: true, encoding: "utf8" })) {
        if (!file.endsWith(".ts")) continue
        const copy = path.join(target, file)
        const source = change(readFileSync(copy, "utf8"))
        // If a package has no "exports", like zeromq, ES modules must give the full names of its files.
        writeFileSync(copy, type === "module" ? source.replace(/(?<="zeromq\/[\w-]+)(?=")/g, ".js") : source)
      }
    }
  }
}

/** Compiles a project, including the declarations of the packages. */
export async function compile(
  folder: string,
  compiler: Compiler,
  mode: Mode,
  kinds: ("cjs" | "esm")[] = ["cjs", "esm"],
): Promise<Diagnostic[]> {
  const { folder: typescript } = compilers[compiler]
  // The resolution "node10" does not support ES modules, and "bundler" does not support `import x = require("x")`.
  const exclude = { node10: ["esm"], bundler: ["cjs/*/commonjs", "esm/*/*.ts"], node16: [], nodenext: [] }[mode]
  const config = {
    compilerOptions: {
      ...modes[mode],
      ...(mode === "node10" && compiler >= "6" ? { ignoreDeprecations: "6.0" } : {}),
      target: "es2022",
      lib: ["es2022"],
      // Not even Node's, because the package must reference them itself.
      types: [],
      strict: true,
      skipLibCheck: false,
      skipDefaultLibCheck: true,
      esModuleInterop: true,
      declaration: true,
      outDir: `out-${compiler}-${mode}`,
      rootDir: ".",
    },
    include: kinds,
    exclude: [...exclude, "out-*"],
  }
  const file = path.join(folder, `tsconfig-${compiler}-${mode}.json`)
  writeFileSync(file, JSON.stringify(config))
  const bin = ["bin/tsc", "bin/tsc.js"].map((name) => path.join(typescript, name)).find((name) => existsSync(name))
  const { status, stdout, stderr } = await runCommand(
    process.execPath,
    [bin as string, "-p", file, "--pretty", "false"],
    { cwd: folder, timeout: 100_000 },
  )
  const found = [...stdout.matchAll(/^(?:(.+?)\((\d+),\d+\): )?error (TS\d+): (.*(?:\n +.*)*)/gm)].map(
    ([, name = "", line = "0", code = "", text = ""]) => ({ file: name, line: Number(line), code, text }),
  )
  if (status !== 0 && found.length === 0) throw new Error(`tsc ${compiler} failed: ${stdout}${stderr}`)
  return found
}
