// The command that `ohmq tasks work` runs for each task: scans the files of the task on standard input, and prints a SARIF log. Any
// scanner that writes SARIF can take its place.

import { text } from "node:stream/consumers"
import { mergeLogs } from "./sarif.mjs"
import { scan } from "./scanner.mjs"

const { root, files, scan: id } = JSON.parse(await text(process.stdin))
const logs = []
for (const file of files) logs.push(await scan(root, file))
process.stdout.write(JSON.stringify(mergeLogs(logs, id)))
