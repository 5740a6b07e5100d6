// Compiles programs against a package, as its users do: with any of several compilers, in any way to resolve modules.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { root, runCommand } from "./process.js"
import { toolchain } from "./toolchains.js"

export type Mode = "node10" | "node16" | "nodenext" | "bundler"

const own = (name: string) => path.join(root, "node_modules", name)

/** Each with types of Node.js that it can read, and the ways that it knows. */
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
 * Lays out a project: `corpora` are folders of programs, `packages` what they import, by name and folder. Programs are
 * CommonJS modules in cjs/ and, a second time, ES modules in esm/; those in a folder commonjs or modules are only one of
 * both.
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
        // A package without "exports", as zeromq is, makes ES modules name its files in full.
        writeFileSync(copy, type === "module" ? source.replace(/(?<="zeromq\/[\w-]+)(?=")/g, ".js") : source)
      }
    }
  }
}

/** Compiles a project that was laid out, declarations too. */
export async function compile(
  folder: string,
  compiler: Compiler,
  mode: Mode,
  kinds: ("cjs" | "esm")[] = ["cjs", "esm"],
): Promise<Diagnostic[]> {
  const { folder: typescript } = compilers[compiler]
  // The old way to resolve modules knows no ES modules, and that of bundlers no `import x = require("x")`.
  const exclude = { node10: ["esm"], bundler: ["cjs/*/commonjs", "esm/*/*.ts"], node16: [], nodenext: [] }[mode]
  const config = {
    compilerOptions: {
      ...modes[mode],
      ...(mode === "node10" && compiler >= "6" ? { ignoreDeprecations: "6.0" } : {}),
      target: "es2022",
      lib: ["es2022"],
      // Not even Node's: the package must say itself that it needs them.
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
