// Writes the results as text and as Markdown.

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

Published packages that depend on zeromq, run with zeromq 6.8.0 and with ohmq.
\`npm run real-programs\` creates the projects, runs everything and writes this page. It takes several minutes and needs Python
with pyzmq, ipykernel and jupyter_client. zeromq 5 has no addon for this Node.js, so in the first column programs for zeromq 5 run with
\`zeromq/v5-compat\` of 6.8.0.

Last run: ${date}, ${versions}. The figures come from one run on a busy machine: ignore differences below a
factor of two.

ohmq is not on npm yet: \`file:/path/to/ohmq\` below is a built clone (see [Install](../README.md#install)), or a tarball of it.

To run a package for the zeromq 6 API with ohmq, add an override to the package.json of your program:

\`\`\`json
{ "overrides": { "zeromq": "file:/path/to/ohmq" } }
\`\`\`

A package for zeromq 5 (or 4, or zmq 2) expects that API from \`require("zeromq")\`. Give it a one-line package, in a
folder \`zeromq-v5\` of your program:

\`\`\`js
// zeromq-v5/index.js, beside a package.json: { "name": "zeromq", "version": "5.3.1" }
module.exports = require("ohmq/v5-compat")
\`\`\`

\`\`\`json
{ "dependencies": { "ohmq": "file:/path/to/ohmq" }, "overrides": { "zeromq": "file:./zeromq-v5" } }
\`\`\`

${programs.join("\n")}`
}
