// The pages of the site besides the API reference, in the order in which they are read. Each Markdown file of the project is in one chapter;
// test/scripts/site.test.ts checks that.

export const chapters = [
  {
    title: "Concepts and patterns",
    text: "Sockets, messages and the patterns that they make.",
    pages: [
      "docs/tutorial.md",
      "docs/guide.md",
      "docs/messages.md",
      "docs/options.md",
      "docs/errors.md",
      "docs/draft.md",
      "docs/cli.md",
    ],
  },
  {
    title: "Examples",
    text: "Programs to copy, from a few lines to a whole system.",
    pages: [
      "examples/README.md",
      "docs/devsecops.md",
      "examples/scan-on-commit/README.md",
      "examples/alert-streaming/README.md",
      "examples/distributed-dast/README.md",
      "examples/soar/README.md",
      "examples/syslog/README.md",
      "examples/devsecops/README.md",
    ],
  },
  {
    title: "Security",
    text: "Encryption and authentication with CURVE, who may connect, and messages that are signed.",
    pages: [
      "docs/security.md",
      "docs/signed-messages.md",
      "docs/security-proof.md",
      "toolkit/docs/audit.md",
      "toolkit/docs/lint.md",
    ],
  },
  {
    title: "Durability",
    text: "The toolkit: events that survive, and get where they belong.",
    pages: [
      "toolkit/README.md",
      "toolkit/docs/events.md",
      "toolkit/docs/wire.md",
      "toolkit/docs/store.md",
      "toolkit/docs/link.md",
      "toolkit/docs/relay.md",
      "toolkit/docs/relay-mistakes.md",
      "toolkit/docs/respond.md",
      "toolkit/docs/respond-mistakes.md",
      "toolkit/docs/tasks.md",
      "toolkit/docs/tasks-protocol.md",
      "toolkit/docs/services.md",
    ],
  },
  {
    title: "CI and integrations",
    text: "The toolkit with CI systems, scanners, chats, SIEMs and Kubernetes.",
    pages: [
      "toolkit/docs/integrations.md",
      "toolkit/docs/ci.md",
      "toolkit/docs/webhooks.md",
      "integrations/kubernetes/README.md",
    ],
  },
  {
    title: "Use cases",
    text: "What four industries need, with configurations and programs that run, and what they do not do.",
    pages: [
      "toolkit/docs/use-cases/finance.md",
      "toolkit/docs/use-cases/health.md",
      "toolkit/docs/use-cases/e-commerce.md",
      "toolkit/docs/use-cases/aviation.md",
    ],
  },
  {
    title: "Operations",
    text: "What to watch, and what it costs.",
    pages: [
      "toolkit/docs/status.md",
      "toolkit/docs/monitoring.md",
      "toolkit/docs/metrics.md",
      "docs/performance.md",
      "bench/README.md",
      "docs/comparison.md",
      "toolkit/docs/performance.md",
      "toolkit/bench/README.md",
      "toolkit/docs/gate-report.md",
    ],
  },
  {
    title: "Coming from zeromq",
    text: "What changes for programs that use another package, and what does not.",
    pages: ["MIGRATING.md", "docs/v5-compat.md", "docs/conformance.md", "docs/real-programs.md", "docs/interop.md"],
  },
  {
    title: "Platforms and tools",
    text: "Where it runs, and with what.",
    pages: ["docs/platforms.md", "docs/runtimes.md", "docs/bundlers.md", "docs/test-runners.md"],
  },
  {
    title: "The project",
    text: "How it is made.",
    pages: [
      "ARCHITECTURE.md",
      "toolkit/ARCHITECTURE.md",
      "CONTRIBUTING.md",
      "docs/upstream.md",
      "CHANGELOG.md",
      "toolkit/CHANGELOG.md",
      "THIRD-PARTY-NOTICES.md",
    ],
  },
]
