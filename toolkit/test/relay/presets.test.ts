import { createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { githubSecret, type Line, linesOf, RelayProcess, standardSecret, temporaryFolder, until } from "./support.js"

/** Payloads as the providers' documentation describes them, with made-up content. */
const payload = (name: string) => readFileSync(join(import.meta.dirname, "payloads", `${name}.json`), "utf8")

const hmac = (body: string, encoding: "hex" | "base64" = "hex") =>
  createHmac("sha256", githubSecret).update(body).digest(encoding)

function standardHeaders(body: string, id: string) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const key = Buffer.from(standardSecret.slice("whsec_".length), "base64")
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` }
}

const bearer = { authorization: `Bearer ${githubSecret}` }
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
})

const presets = ["github", "gitlab", "sonarqube", "checkmarx", "alertmanager", "jenkins", "token"]

const config = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
${presets.map((name) => `  ${name}: { type: webhook, preset: ${name}, path: /${name}, secret: [env:GITHUB_SECRET, env:STANDARD_SECRET] }`).join("\n")}
  sentry:
    type: webhook
    preset: hmac
    path: /sentry
    secret: env:GITHUB_SECRET
    header: Sentry-Hook-Signature
    prefix: ""
    map:
      type: '"io.sentry." + attributes.headers["sentry-hook-resource"] + "." + data.action'
      id: attributes.headers["request-id"]
      source: data.data.issue.web_url
      subject: data.data.issue.id
      time: data.data.issue.lastSeen
      severity: 'data.data.issue.level == "error" ? "high" : "low"'
  shared: { type: webhook, preset: token, path: /shared, secret: env:GITHUB_SECRET, header: X-Token, idHeader: X-Id, eventType: build.done }
routes:
  - { name: all, from: [${presets.join(", ")}, shared, sentry], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`

interface Sent {
  /** The path is the preset. */
  path: string
  body: string
  headers: Record<string, string>
}

const github = (name: string, event: string, id: string): Sent => {
  const body = payload(name)
  const headers = { "x-github-event": event, "x-github-delivery": id, "x-hub-signature-256": `sha256=${hmac(body)}` }
  return { path: "github", body, headers }
}
const signedGitlab = payload("gitlab-pipeline")
const gate = payload("sonarqube-gate")
const failed = payload("sonarqube-failed")
const scan = payload("checkmarx-scan")
const cx = (event: string, signature: string): Sent => ({
  path: "checkmarx",
  body: scan,
  headers: { "x-cx-webhook-event": event, "x-cx-webhook-signature": `sha256=${signature}` },
})
const issue = payload("sentry-issue")
const sentry = (body: string, more: Record<string, string>): Sent => ({
  path: "sentry",
  body,
  headers: { "sentry-hook-signature": hmac(body), "sentry-hook-resource": "issue", ...more },
})
const tokenHeaders = { "x-token": githubSecret, "x-id": "t1" }

/** What is sent, and what becomes of it. */
const accepted: [title: string, sent: Sent, events: Partial<Line & Record<string, unknown>>[]][] = [
  [
    "GitHub: a push",
    github("github-push", "push", "g1"),
    [{ type: "com.github.push", id: "g1", source: "https://github.com/acme/shop", subject: "refs/heads/main" }],
  ],
  [
    "GitHub: an alert of code scanning",
    github("github-code-scanning-alert", "code_scanning_alert", "g2"),
    [
      {
        type: "com.github.code_scanning_alert",
        subject: "42",
        severity: "critical",
        time: "2026-03-01T10:05:00.000Z",
      },
    ],
  ],
  [
    "GitLab: a pipeline, signed",
    {
      path: "gitlab",
      body: signedGitlab,
      headers: { "x-gitlab-event": "Pipeline Hook", ...standardHeaders(signedGitlab, "l1") },
    },
    [
      {
        type: "com.gitlab.pipeline",
        id: "l1",
        source: "https://gitlab.example.com/acme/shop",
        subject: "31",
        severity: "medium",
      },
    ],
  ],
  [
    "GitLab: a push, with a secret token",
    {
      path: "gitlab",
      body: payload("gitlab-push"),
      headers: { "x-gitlab-event": "Push Hook", "x-gitlab-token": githubSecret, "idempotency-key": "l2" },
    },
    [{ type: "com.gitlab.push", id: "l2", subject: "refs/heads/main" }],
  ],
  [
    "SonarQube: a quality gate",
    { path: "sonarqube", body: gate, headers: { "x-sonar-webhook-hmac-sha256": hmac(gate) } },
    [
      {
        type: "gate.decided",
        source: "https://sonar.example.com/dashboard?id=acme%3Ashop",
        subject: "acme:shop",
        severity: "high",
        time: "2026-03-01T09:46:50.000Z",
      },
    ],
  ],
  [
    "SonarQube: an analysis that failed",
    { path: "sonarqube", body: failed, headers: { "x-sonar-webhook-hmac-sha256": hmac(failed) } },
    [{ type: "scan.finished", subject: "acme:shop", severity: "medium" }],
  ],
  [
    "Checkmarx: a scan, signed in Base64",
    cx("scan_failed", hmac(scan, "base64")),
    [
      {
        type: "scan.finished",
        id: "1f0c7a53-6c0f-4f27-9a0f-2f6f9a7b0001/scan_failed",
        source: "https://github.com/acme/shop",
        subject: "shop",
        severity: "medium",
      },
    ],
  ],
  ["Checkmarx: signed in hex", cx("scan_partial", hmac(scan)), [{ type: "scan.finished", severity: "low" }]],
  [
    "Alertmanager: a group of alerts",
    { path: "alertmanager", body: payload("alertmanager-group"), headers: bearer },
    [
      {
        type: "alert.fired",
        id: "c1a0000000000001/2026-03-01T10:00:00.123456789Z/firing",
        source: "http://alerts.example.com:9093",
        subject: "DiskFull",
        severity: "medium",
        time: "2026-03-01T10:00:00.123Z",
      },
      {
        type: "alert.resolved",
        id: "c1a0000000000002/2026-03-01T09:00:00Z/resolved",
        time: "2026-03-01T10:01:00.000Z",
      },
    ],
  ],
  [
    "Jenkins: the plugin Notification",
    { path: "jenkins", body: payload("jenkins-notification"), headers: basic("jenkins", githubSecret) },
    [
      {
        type: "stage.finished",
        id: "https://jenkins.example.com/job/shop/18/FINALIZED/1772359200000",
        source: "https://jenkins.example.com/job/shop/18/",
        subject: "shop",
        severity: "medium",
        time: "2026-03-01T10:00:00.000Z",
      },
    ],
  ],
  [
    "Jenkins: the plugin Outbound WebHook",
    { path: "jenkins", body: payload("jenkins-outbound"), headers: bearer },
    [{ type: "stage.started", subject: "shop", source: "https://jenkins.example.com/job/shop/16/" }],
  ],
  [
    "a bearer token",
    { path: "token", body: '{"a":1}', headers: bearer },
    [{ type: "webhook.received", data: { a: 1 } }],
  ],
  [
    "a secret in another header",
    { path: "shared", body: '{"a":2}', headers: tokenHeaders },
    [{ type: "build.done", id: "t1" }],
  ],
  [
    "Sentry, by expressions",
    sentry(issue, { "request-id": "r1" }),
    [
      {
        type: "io.sentry.issue.created",
        id: "r1",
        source: "https://acme.sentry.io/issues/1170820242/",
        subject: "1170820242",
        time: "2026-03-01T10:00:00.000000Z",
        severity: "high",
      },
    ],
  ],
  [
    "what the expressions do not find",
    sentry("{}", {}),
    [{ type: "webhook.received", source: "/webhook/sentry", data: {} }],
  ],
]

const noVersion = JSON.stringify({ ...JSON.parse(payload("alertmanager-group")), version: "5" })
const noFingerprint = JSON.stringify({ ...JSON.parse(payload("alertmanager-group")), alerts: [{ status: "firing" }] })

const odd = JSON.stringify({ action: "two words" })

const refused: [title: string, sent: Sent, status: number, error: string][] = [
  ["GitLab: another token", { path: "gitlab", body: "{}", headers: { "x-gitlab-token": "no" } }, 401, "secret token"],
  ["GitLab: no token", { path: "gitlab", body: "{}", headers: {} }, 401, "X-Gitlab-Token are missing"],
  [
    "GitLab: a wrong signature beside the right token",
    {
      path: "gitlab",
      body: "{ }",
      headers: { "x-gitlab-token": githubSecret, ...standardHeaders("{}", "l3") },
    },
    401,
    "signature does not match",
  ],
  [
    "SonarQube: of another body",
    { path: "sonarqube", body: failed, headers: { "x-sonar-webhook-hmac-sha256": hmac(gate) } },
    401,
    "signature does not match",
  ],
  [
    "SonarQube: not its payload",
    { path: "sonarqube", body: "{}", headers: { "x-sonar-webhook-hmac-sha256": hmac("{}") } },
    400,
    "no project.key",
  ],
  ["Checkmarx: of another body", cx("scan_failed", hmac(gate, "base64")), 401, "signature does not match"],
  ["Alertmanager: no token", { path: "alertmanager", body: "{}", headers: {} }, 401, "Authorization is missing"],
  ["Alertmanager: another version", { path: "alertmanager", body: noVersion, headers: bearer }, 400, 'version "4"'],
  ["Alertmanager: no fingerprint", { path: "alertmanager", body: noFingerprint, headers: bearer }, 400, "fingerprint"],
  ["Jenkins: another password", { path: "jenkins", body: "{}", headers: basic("jenkins", "no") }, 401, "not match"],
  ["Jenkins: not its payload", { path: "jenkins", body: '{"build":{}}', headers: bearer }, 400, "build.phase"],
  [
    "a digest instead of a token",
    { path: "token", body: "{}", headers: { authorization: "Digest x" } },
    401,
    "bearer token",
  ],
  ["a type that is none", sentry(odd, {}), 400, "The type is not a name: io.sentry.issue.two words"],
  ["no identifier", { path: "shared", body: "{}", headers: { "x-token": githubSecret } }, 400, "X-Id is missing"],
]

describe("The presets of the source webhook", () => {
  it("take in what the providers document, once, and refuse the rest with a reason", async () => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(folder, config)
    const send = async ({ path, body, headers }: Sent) => {
      const answer = await fetch(`${relay.url}/${path}`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...headers },
      })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }

    for (const [title, sent, events] of accepted) {
      expect(await send(sent), title).toEqual({ status: 202, body: { stored: events.length, duplicates: 0 } })
    }
    for (const [title, sent, status, error] of refused) {
      const answer = await send(sent)
      expect({ title, status: answer.status }).toEqual({ title, status })
      expect(answer.body.error, title).toContain(error)
    }
    // What has an identifier is stored once.
    for (const [title, sent, events] of accepted) {
      if (!events.every(({ id }) => id !== undefined)) continue
      expect(await send(sent), title).toEqual({ status: 202, body: { stored: 0, duplicates: events.length } })
    }

    const expected = accepted.flatMap(([, , events]) => events)
    await until(() => linesOf(join(folder, "events.ndjson")).length >= expected.length)
    const lines = linesOf(join(folder, "events.ndjson"))
    expect(lines).toHaveLength(expected.length)
    for (const [index, event] of expected.entries()) expect(lines[index]).toMatchObject(event)
    // The original is the data, and an alert is what a SIEM needs.
    expect(lines.find(({ type }) => type === "gate.decided")?.data).toEqual(JSON.parse(gate))
    expect(lines.find(({ type }) => type === "alert.fired")?.data).toMatchObject({
      ...JSON.parse(payload("alertmanager-group")).alerts[0],
      title: "DiskFull",
      message: "The disk of db1 is 91 % full",
      severity: "medium",
      group: { key: '{}:{alertname="DiskFull"}', receiver: "relay" },
    })
    // Alertmanager left three alerts out.
    expect(await relay.metric('ohmq_relay_events_refused_total{source="alertmanager",reason="omitted"}')).toBe(6)
    expect(await relay.end()).toBe(0)
  })
})
