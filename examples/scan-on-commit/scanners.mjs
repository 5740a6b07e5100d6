// The scanners: how each is run in a folder with the source, and how its report becomes SARIF. Nothing in the scanned source, such as a comment or a
// configuration, may turn a scanner off.

import path from "node:path"

import { sarifOf } from "./sarif.mjs"

const eslint = path.join(import.meta.dirname, "eslint")

export const scanners = {
  flawfinder: {
    language: "C and C++",
    program: ["flawfinder"],
    args: ["--sarif", "--neverignore", "--followdotdir", "."],
    okCodes: [0],
    toSarif: (report) => JSON.parse(report),
    install: "apt-get install flawfinder",
  },
  eslint: {
    language: "JavaScript",
    program: [process.execPath, path.join(eslint, "node_modules/eslint/bin/eslint.js")],
    args: [
      ...["--config", path.join(eslint, "eslint.config.mjs")],
      ...["--no-inline-config", "--no-error-on-unmatched-pattern", "--format", "json", "."],
    ],
    okCodes: [0, 1],
    toSarif: (report, folder) =>
      sarifOf(
        "ESLint",
        JSON.parse(report).flatMap(({ filePath, messages }) =>
          messages.map(({ ruleId, severity, message, line }) => ({
            // A file that cannot be parsed was not scanned.
            rule: ruleId ?? "parse-error",
            level: severity === 2 ? "error" : "warning",
            message,
            file: path.relative(folder, filePath),
            line,
          })),
        ),
      ),
    install: "npm ci --prefix examples/scan-on-commit/eslint",
  },
  bandit: {
    language: "Python",
    program: ["bandit"],
    args: [
      ...["--quiet", "--recursive", "--format", "json"],
      ...["--ignore-nosec", "--ini", "/dev/null", "--exclude", "none", "."],
    ],
    okCodes: [0, 1],
    toSarif(report) {
      const { results, errors } = JSON.parse(report)
      return sarifOf("bandit", [
        ...results.map(({ test_id, issue_severity, issue_text, filename, line_number }) => ({
          rule: test_id,
          level: { HIGH: "error", MEDIUM: "warning" }[issue_severity] ?? "note",
          message: issue_text,
          file: path.normalize(filename),
          line: line_number,
        })),
        ...errors.map(({ filename, reason }) => ({
          rule: "parse-error",
          level: "error",
          message: reason,
          file: path.normalize(filename),
          line: 1,
        })),
      ])
    },
    install: "apt-get install bandit",
  },
}

/** Those that are installed. */
export const scannerNames = process.env.SCANNERS?.split(",") ?? Object.keys(scanners)

/** The task of a scanner and a commit. */
export const taskId = (scanner, commit) => {
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error(`Expected a commit but received ${JSON.stringify(commit)}`)
  return `${scanner}-${commit}`
}
