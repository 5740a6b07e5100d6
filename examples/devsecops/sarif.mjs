// SARIF 2.1.0: the format in which scanners report their findings.

import path from "node:path"
import { pathToFileURL } from "node:url"
import sarif from "node-sarif-builder"

const ROOT = "SRCROOT"

/** How a path below the scanned folder is written in a report. */
function locate(file) {
  return { uri: file.split(path.sep).map(encodeURIComponent).join("/"), uriBaseId: ROOT }
}

function makeLog(run) {
  const builder = new sarif.SarifBuilder({ $schema: "https://json.schemastore.org/sarif-2.1.0.json" })
  builder.addRun({ run })
  return builder.buildSarifOutput()
}

/** The log of a single file. Findings have a rule, a level, a text and a region, rules an id, a text and a URL. */
export function logOfFile({ name, version, url }, root, file, findings, rules) {
  const builder = new sarif.SarifRunBuilder({
    columnKind: "utf16CodeUnits",
    originalUriBaseIds: { [ROOT]: { uri: pathToFileURL(path.join(root, path.sep)).href } },
    // A file without findings is in the report too: it was scanned.
    artifacts: [{ location: locate(file), roles: ["analysisTarget"] }],
  })
  builder.initSimple({ toolDriverName: name, toolDriverVersion: version, url })
  for (const id of new Set(findings.map((finding) => finding.rule))) {
    const { text, url } = rules[id]
    builder.addRule(new sarif.SarifRuleBuilder().initSimple({ ruleId: id, shortDescriptionText: text, helpUri: url }))
  }
  for (const { rule, level, text, ...region } of findings) {
    const result = new sarif.SarifResultBuilder()
    result.setLocationArtifactUri(locate(file))
    builder.addResult(result.initSimple({ ruleId: rule, level, messageText: text, ...region }))
  }
  return makeLog(builder.run)
}

/** Merges the logs of one tool and folder into one, with the findings, files and rules of all. `scan` says which scan they are of. */
export function mergeLogs(logs, scan) {
  const runs = logs.map((log) => log.runs[0])
  const rules = new Map(runs.flatMap((run) => run.tool.driver.rules).map((rule) => [rule.id, rule]))
  const [{ tool, ...first }] = runs
  const byUri = (a, b) => (a.location.uri < b.location.uri ? -1 : 1)
  return makeLog({
    ...first,
    automationDetails: { id: `${scan}/` },
    tool: { driver: { ...tool.driver, rules: [...rules.values()] } },
    artifacts: runs.flatMap((run) => run.artifacts).sort(byUri),
    results: runs.flatMap((run) => run.results),
  })
}
