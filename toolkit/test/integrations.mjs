// What the toolkit works with, and the tests that show it: docs/integrations.md is made of this. To add an integration, add a line.
//
// - `part`: the source, sink or other part, as docs/relay.md names it. A kind in backquotes after `source` or `sink`, and a preset, must exist.
// - `against`: another program, with its Debian or npm package and the version that the tests ran with; or what stands in for it. `moves`: Debian
//   replaces the version within a release, so it is not checked.
// - `tests`: a file below this folder, what the names of the tests begin with (all, if empty), and how many there are.
// - `payloads`: what the names of the published payloads begin with, in relay/payloads.
//
// test/scripts/integrations.test.ts counts the tests and checks the versions.

const debian = (program, name, version) => ({ program, debian: name, version })
const npm = (program, name, version) => ({ program, npm: name, version })
const standIn = (what) => ({ what })

const published = standIn("requests as its documentation has them")
const presets = [["relay/presets.test.ts", "", 1]]
const webhook = (name, preset, payloads) => ({
  name,
  direction: "in",
  part: `source \`webhook\`, preset \`${preset}\``,
  against: published,
  tests: presets,
  payloads,
})

const prometheus = debian("prometheus", "prometheus", "2.42")
const rsyslog = debian("rsyslogd", "rsyslog", "8.2302")
const syslogNg = debian("syslog-ng", "syslog-ng-core", "3.38")
const ourselves = standIn("another relay, and the model of the protocol")

/** In the order of the page. */
export const integrations = [
  webhook("GitHub", "github", "github-"),
  {
    name: "GitHub, redelivery of failed deliveries",
    direction: "out",
    part: "`ohmq relay reconcile github`",
    against: standIn("contract server"),
    tests: [["cli/reconcile-github.test.ts", "", 16]],
  },
  webhook("GitLab", "gitlab", "gitlab-"),
  webhook("SonarQube", "sonarqube", "sonarqube-"),
  webhook("Checkmarx One", "checkmarx", "checkmarx-"),
  webhook("Jenkins", "jenkins", "jenkins-"),
  {
    name: "Alertmanager",
    direction: "in",
    part: "source `webhook`, preset `alertmanager`",
    against: debian("prometheus-alertmanager", "prometheus-alertmanager", "0.25"),
    tests: [["interop/alertmanager.test.ts", "", 2], ...presets],
    payloads: "alertmanager-",
  },
  {
    name: "Alertmanager, answered by actions",
    direction: "in",
    part: "`ohmq respond`",
    against: debian("prometheus-alertmanager", "prometheus-alertmanager", "0.25"),
    tests: [["interop/respond.test.ts", "Alertmanager", 1]],
  },
  {
    name: "CrowdSec, answered by actions",
    direction: "in",
    part: "source `webhook`, preset `crowdsec`; `ohmq respond`",
    against: debian("crowdsec", "crowdsec", "1.4.6"),
    tests: [
      ["interop/crowdsec.test.ts", "", 4],
      ["relay/crowdsec.test.ts", "", 4],
    ],
    payloads: "crowdsec-",
  },
  {
    name: "nftables",
    direction: "out",
    part: "`ohmq respond`, action `exec`",
    against: debian("nft", "nftables", "1.0"),
    tests: [
      ["interop/respond.test.ts", "nftables", 2],
      ["crash/respond.test.ts", "nftables", 1],
    ],
  },
  webhook("Sentry and others, by a mapping", "hmac", "sentry-"),
  webhook("Any sender with a token", "token", undefined),
  {
    ...webhook("Standard Webhooks", "standard-webhooks", undefined),
    tests: [["relay/webhook.test.ts", "The source webhook > takes in what is signed", 1]],
  },
  {
    name: "Standard Webhooks",
    direction: "out",
    part: "sink `webhook`",
    against: standIn("a server that checks the signature"),
    tests: [
      ["relay/sinks.test.ts", "The sink webhook", 3],
      ["relay/delivery.test.ts", "The sink webhook", 2],
    ],
  },
  {
    name: "Splunk HEC",
    direction: "out",
    part: "sink `splunk-hec`",
    against: standIn("contract server"),
    tests: [["relay/splunk-hec.test.ts", "", 31]],
  },
  {
    name: "Elasticsearch and OpenSearch",
    direction: "out",
    part: "sink `elasticsearch`",
    against: standIn("contract server"),
    tests: [["relay/elasticsearch.test.ts", "", 17]],
  },
  {
    name: "Elasticsearch: the contract server itself",
    direction: "–",
    part: "the test of the sink `elasticsearch`",
    against: debian("rsyslogd", "rsyslog-elasticsearch", "8.2302"),
    tests: [["interop/rsyslog-elasticsearch.test.ts", "", 1]],
  },
  {
    name: "NATS JetStream",
    direction: "out",
    part: "sink `jetstream`",
    against: debian("nats-server", "nats-server", "2.9"),
    tests: [["interop/jetstream.test.ts", "", 21]],
  },
  {
    name: "NATS JetStream, a store on several machines",
    direction: "both",
    part: "`store.jetstream`",
    against: debian("nats-server", "nats-server", "2.9"),
    tests: [
      ["interop/replicated-store.test.ts", "", 10],
      ["interop/shared-relays.test.ts", "", 4],
    ],
  },
  {
    name: "NATS JetStream, tasks on several machines",
    direction: "both",
    part: "`ohmq tasks serve --jetstream`",
    against: debian("nats-server", "nats-server", "2.9"),
    tests: [["interop/shared-tasks.test.ts", "", 3]],
  },
  {
    name: "Syslog (RFC 5424, RFC 3164)",
    direction: "in",
    part: "source `syslog`",
    against: standIn("messages of both, byte by byte"),
    tests: [["relay/syslog.test.ts", "The source syslog", 13]],
  },
  {
    name: "Syslog (RFC 5424)",
    direction: "out",
    part: "sink `syslog`",
    against: standIn("contract server"),
    tests: [["relay/syslog.test.ts", "The sink syslog", 4]],
  },
  {
    name: "rsyslog",
    direction: "in",
    part: "source `syslog`",
    against: rsyslog,
    tests: [["interop/syslog.test.ts", "rsyslog > forwards", 4]],
  },
  {
    name: "rsyslog",
    direction: "out",
    part: "sink `syslog`",
    against: rsyslog,
    tests: [["interop/syslog.test.ts", "rsyslog > takes", 1]],
  },
  {
    name: "rsyslog, omczmq",
    direction: "in",
    part: "source `zmq`",
    against: debian("rsyslogd", "rsyslog-czmq", "8.2302"),
    tests: [["interop/syslog.test.ts", "rsyslog > publishes", 1]],
  },
  {
    name: "syslog-ng",
    direction: "in",
    part: "source `syslog`",
    against: syslogNg,
    tests: [["interop/syslog.test.ts", "syslog-ng > forwards", 3]],
  },
  {
    name: "syslog-ng",
    direction: "out",
    part: "sink `syslog`",
    against: syslogNg,
    tests: [["interop/syslog.test.ts", "syslog-ng > takes", 1]],
  },
  {
    name: "Go's checksum database (sumdb)",
    direction: "out",
    part: "`ohmq-toolkit/audit`",
    against: debian("golang.org/x/mod", "golang-golang-x-mod-dev", "0.7"),
    tests: [["interop/audit.test.ts", "Go's sumdb packages", 1]],
  },
  {
    name: "Audit logs, from any route",
    direction: "out",
    part: "sink `audit`",
    against: standIn("the verification of `ohmq-toolkit/audit`"),
    tests: [["relay/audit-sink.test.ts", "The sink audit", 3]],
  },
  {
    name: "Prometheus, the relay's metrics",
    direction: "out",
    part: "`/metrics`",
    against: prometheus,
    tests: [["interop/prometheus.test.ts", "", 2]],
  },
  {
    name: "Prometheus, metrics made of events",
    direction: "out",
    part: "sink `prometheus`",
    against: standIn("the text that Prometheus reads"),
    tests: [["relay/prometheus-sink.test.ts", "", 3]],
  },
  {
    name: "Prometheus, alert rules",
    direction: "out",
    part: "`dashboards/alerts.yaml`",
    against: prometheus,
    tests: [["interop/dashboards.test.ts", "", 4]],
  },
  {
    name: "Grafana",
    direction: "out",
    part: "`dashboards/grafana.json`",
    against: npm("types of Grafana", "@grafana/schema", "13.2"),
    tests: [["dashboards/grafana.test.ts", "", 3]],
  },
  {
    name: "Browsers",
    direction: "in and out",
    part: "the status page",
    against: { ...debian("Chromium", "chromium", "156"), moves: true },
    tests: [
      ["interop/status-page.test.ts", "", 9],
      ["status/access.test.ts", "", 11],
      ["status/letters.test.ts", "", 6],
      ["status/overview.test.ts", "", 7],
    ],
  },
  {
    name: "OpenTelemetry",
    direction: "in and out",
    part: "traces over HTTP, syslog and ØMQ",
    against: npm("its SDK", "@opentelemetry/sdk-trace-base", "2"),
    tests: [
      ["relay/tracing.test.ts", "", 12],
      ["relay/tracing-paths.test.ts", "", 5],
    ],
  },
  {
    name: "pyzmq",
    direction: "in and out",
    part: "the wire format, `examples/`",
    against: debian("pyzmq", "python3-zmq", "24"),
    tests: [["interop/python.test.ts", "", 2]],
  },
  {
    name: "ØMQ peers",
    direction: "in and out",
    part: "source `zmq` and sink `zmq`",
    against: standIn("sockets of ohmq"),
    tests: [["relay/zmq.test.ts", "", 2]],
  },
  {
    name: "Feeds over ØMQ: CloudEvents, JSON, MISP, MessagePack, numbered messages, text",
    direction: "in",
    part: "source `zmq`, `format`",
    against: standIn("messages as their documentation has them"),
    tests: [["relay/feeds.test.ts", "", 20]],
  },
  {
    name: "CloudEvents",
    direction: "in and out",
    part: "events",
    against: standIn("the JSON Schema of CloudEvents 1.0.2"),
    tests: [["events/standard.test.ts", "the JSON Schema of CloudEvents", 2]],
  },
  {
    name: "SARIF: reports of eslint, flawfinder, biome and others",
    direction: "in and out",
    part: "events, source `sarif`",
    against: standIn("logs that these programs wrote, and the schema of SARIF 2.1.0"),
    tests: [
      ["events/sarif.test.ts", "", 34],
      ["relay/sarif-source.test.ts", "", 4],
    ],
  },
  {
    name: "OCSF",
    direction: "out",
    part: "events",
    against: standIn("the schema of OCSF 1.8"),
    tests: [["events/ocsf.test.ts", "", 12]],
  },
  {
    name: "Another relay",
    direction: "in and out",
    part: "source `link` and sink `link`",
    against: ourselves,
    tests: [
      ["crash/linked.test.ts", "", 9],
      ["link/link.test.ts", "", 21],
    ],
  },
  {
    name: "CI jobs: findings and events",
    direction: "in",
    part: "`ohmq emit`",
    against: standIn("the command, and reports of flawfinder"),
    tests: [["cli/emit.test.ts", "", 6]],
  },
  {
    name: "Gates",
    direction: "in and out",
    part: "source `gate`, sink `gate` and `ohmq gate`",
    against: standIn("the command, sockets of ohmq, and a relay that is killed"),
    tests: [
      ["relay/gate.test.ts", "", 10],
      ["cli/gate.test.ts", "", 7],
      ["crash/gate.test.ts", "", 1],
    ],
  },
  {
    name: "GitHub Actions",
    direction: "in and out",
    part: "`integrations/github-action`",
    against: standIn("the environment and files of its runner"),
    tests: [["cli/github-action.test.ts", "", 7]],
  },
  {
    name: "buildbot",
    direction: "in and out",
    part: "`integrations/buildbot`",
    against: debian("buildbot", "buildbot", "3.7"),
    tests: [["interop/buildbot.test.ts", "", 1]],
  },
  {
    name: "Jenkins, its pipelines",
    direction: "in and out",
    part: "`integrations/jenkins`",
    against: debian("the compiler of Groovy", "groovy", "2.4"),
    tests: [["interop/jenkins.test.ts", "", 2]],
  },
  {
    name: "Kubernetes",
    direction: "in",
    part: "`integrations/kubernetes/`, a sidecar and its hub",
    against: standIn("processes in namespaces, and the schemas of Kubernetes"),
    tests: [
      ["crash/sidecar.test.ts", "", 8],
      ["kubernetes/manifests.test.ts", "", 8],
    ],
  },
  {
    name: "Files",
    direction: "in and out",
    part: "source `file` and sink `file`",
    against: standIn("files that are rotated"),
    tests: [
      ["relay/lines.test.ts", "The source file", 2],
      ["relay/sinks.test.ts", "The sink file", 2],
    ],
  },
  {
    name: "Commands",
    direction: "in and out",
    part: "source `exec` and sink `exec`",
    against: standIn("programs that write, read, fail and hang"),
    tests: [
      ["relay/lines.test.ts", "The source exec", 1],
      ["relay/exec-sink.test.ts", "", 5],
    ],
  },
  {
    name: "Timers",
    direction: "in",
    part: "source `timer`",
    against: standIn("the clock"),
    tests: [["relay/lines.test.ts", "The source timer", 1]],
  },
]
