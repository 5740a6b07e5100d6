// The results as text and as Markdown.

function cell({ passed, status, text, figures, tries }) {
  if (!passed) return `fails (${status})${text === undefined ? "" : `, ${text} pass`}`
  const details = [text, figures, tries > 1 && `after ${tries} tries`].filter(Boolean)
  return details.length > 0 ? `passes: ${details.join("; ")}` : "passes"
}

/** One line for the terminal. */
export const line = (program, step, contender, result) => `${program} | ${step} | ${contender}: ${cell(result)}\n`

/** docs/real-programs.md. */
export function markdown(results, { versions, date }) {
  const programs = results.map(({ program, steps }) => {
    const downloads = program.downloads === undefined ? "" : ` About ${program.downloads} downloads a month.`
    const source = `zeromq ${program.api} API${program.replaces === "zmq" ? ", under its old name zmq" : ""}`
    const rows = steps.map(({ name, zeromq, ohmq }) => `| ${name} | ${cell(zeromq)} | ${cell(ohmq)} |`)
    return `## ${program.name} ${program.version}

${program.kind[0].toUpperCase()}${program.kind.slice(1)}; ${source}.${downloads}${program.note ? ` ${program.note}` : ""}

| what was run | zeromq 6.8.0 | ohmq |
|---|---|---|
${rows.join("\n")}
`
  })
  return `# Real programs

Published packages that depend on zeromq, as they come from the registry, with zeromq 6.8.0 and with ohmq behind them.
\`npm run real-programs\` makes the projects, runs everything and writes this page; it takes some minutes and needs Python
with pyzmq, ipykernel and jupyter_client. What was written for zeromq 5 runs with \`zeromq/v5-compat\` of 6.8.0 in the first
column, as zeromq 5 itself has no addon for this Node.js.

Last run: ${date}, ${versions}. The figures are those of one run on a machine that did other things too: differences below a
factor of two mean nothing.

ohmq is not on npm yet: \`file:/path/to/ohmq\` below is a built clone (see [Install](../README.md#install)), or a tarball of it.

A package for the zeromq 6 API takes ohmq through one override, in the package.json of the program that uses it:

\`\`\`json
{ "overrides": { "zeromq": "file:/path/to/ohmq" } }
\`\`\`

A package for zeromq 5 (or 4, or zmq 2) expects that API from \`require("zeromq")\`. It gets it from a package of one line,
a folder \`zeromq-v5\` in the program:

\`\`\`js
// zeromq-v5/index.js, beside a package.json: { "name": "zeromq", "version": "5.3.1" }
module.exports = require("ohmq/v5-compat")
\`\`\`

\`\`\`json
{ "dependencies": { "ohmq": "file:/path/to/ohmq" }, "overrides": { "zeromq": "file:./zeromq-v5" } }
\`\`\`

${programs.join("\n")}`
}
