import fc from "fast-check"
import { createEvent, fromSarif, toOcsf } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import { flawfinderLog, logs, realLogs } from "./sarif-logs.js"
import { ocsfFaults } from "./schemas/ocsf.js"

const time = "2026-01-31T12:00:00Z"

describe("toOcsf", () => {
  it.each(realLogs)("makes findings that the schema of OCSF allows of those of %s", (tool, log) => {
    const findings = fromSarif(log).map((event) => toOcsf(event) ?? {})
    expect(findings.flatMap(ocsfFaults)).toEqual([])
    expect(new Set(findings.map(({ class_uid }) => class_uid))).toEqual(new Set([tool === "flawfinder" ? 2002 : 2004]))
  })

  it("makes findings that the schema allows of any log", () => {
    fc.assert(
      fc.property(logs, ({ log }) => {
        expect(fromSarif(log).flatMap((event) => ocsfFaults(toOcsf(event) ?? {}))).toEqual([])
      }),
    )
  })

  it("says what a vulnerability is", () => {
    const event = fromSarif(flawfinderLog, { time }).find(({ data }) => data?.rule.id === "FF1001")
    expect(event && toOcsf(event)).toMatchObject({
      class_uid: 2002,
      type_uid: 200201,
      severity_id: 4,
      time: Date.parse(time),
      metadata: { version: "1.8.0", product: { name: "Flawfinder", version: "2.0.19" }, uid: event?.id },
      finding_info: { uid: event?.id, analytic: { uid: "FF1001" } },
      vulnerabilities: [
        { cwe: { uid: "CWE-120" }, affected_code: [{ file: { name: "copy.c", path: "src/copy.c" }, start_line: 3 }] },
      ],
    })
  })

  it("says that a finding has gone, is known or suppressed", () => {
    const of = (more: object) => {
      const results = [{ ruleId: "CVE-2021-44228", message: { text: "m" }, ...more }]
      const [event] = fromSarif({ version: "2.1.0", runs: [{ tool: { driver: { name: "T" } }, results }] })
      const finding = event ? (toOcsf(event) ?? {}) : {}
      expect(ocsfFaults(finding)).toEqual([])
      expect(finding).toMatchObject({ vulnerabilities: [{ cve: { uid: "CVE-2021-44228" } }] })
      return [finding.activity_name, finding.status]
    }
    expect(of({})).toEqual(["Create", "New"])
    expect(of({ baselineState: "absent" })).toEqual(["Close", "Resolved"])
    expect(of({ baselineState: "unchanged" })).toEqual(["Update", "New"])
    expect(of({ suppressions: [{ kind: "external" }] })).toEqual(["Create", "Suppressed"])
  })

  it.each([
    [
      "alert.fired",
      { title: "CPU", severity: "critical", rule: "cpu", fingerprint: "f" },
      { is_alert: true, severity_id: 5, activity_id: 1, status_id: 1 },
    ],
    [
      "alert.resolved",
      { severity: "P1" },
      { is_alert: false, severity_id: 99, severity: "P1", activity_id: 3, status_id: 4 },
    ],
    ["alert.fired", undefined, { severity_id: 0 }],
    ["alert.fired", { severity: "constructor" }, { severity_id: 99 }],
  ])("makes a detection of %s with %j", (type, data, expected) => {
    const finding =
      toOcsf(createEvent({ source: "/a", type, subject: "host1", time: "2016-12-31T23:59:60Z", data })) ?? {}
    expect(ocsfFaults(finding)).toEqual([])
    expect(finding).toMatchObject({ class_uid: 2004, time: Date.UTC(2016, 11, 31, 23, 59, 59), ...expected })
  })

  it("returns undefined for other events", () => {
    expect(toOcsf(createEvent({ source: "/a", type: "scan.finished" }))).toBeUndefined()
    expect(toOcsf(createEvent({ source: "/a", type: "finding.reported", data: {} }))).toBeUndefined()
  })
})

describe("the checks of these tests", () => {
  it("find what is wrong", () => {
    const [event] = fromSarif(flawfinderLog)
    const good = (event && toOcsf(event)) ?? {}
    const bad = {
      ...good,
      severity: "Critical",
      status_id: 17,
      time: "now",
      extra: 1,
      message: ["x"],
      vulnerabilities: [{}],
      finding_info: {},
    }
    expect(ocsfFaults(bad)).toEqual(
      expect.arrayContaining([
        "event.severity is Critical",
        "event.status_id cannot be 17",
        "event.time must be of type timestamp_t",
        "event.extra is unknown",
        "event.message is an array or should be",
        "event.vulnerabilities needs just one of advisory,cve,cwe",
        "event.finding_info.uid is missing",
      ]),
    )
  })
})
