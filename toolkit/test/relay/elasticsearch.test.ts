import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ElasticsearchServer } from "./contract/elasticsearch.js"
import { event, type SinkRelay, sinkRelay } from "./sink-relay.js"
import { temporaryFolder, until } from "./support.js"

const stream = "logs-ohmq-default"

const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, index) => event(String(from + index)))

const start = (server: ElasticsearchServer, more = `, dataStream: ${stream}`, folder?: string): Promise<SinkRelay> =>
  sinkRelay(`type: elasticsearch, url: "${server.url}"${more}`, folder)

type Document = Record<string, Record<string, unknown>>

/** The ids of the events that are there, in order. */
const idsIn = (server: ElasticsearchServer, index = stream): string[] =>
  [...server.documentsIn(index).values()].map((document) => String((document as Document).event?.id))

const ids = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1))

const leaves = (value: unknown, path = ""): string[] =>
  typeof value === "object" && value !== null && path !== "cloudevents.data"
    ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === "" ? name : `${path}.${name}`))
    : [path]

describe("The sink elasticsearch", () => {
  it("makes a document of the Elastic Common Schema, whose fields the templates have", async () => {
    const server = await new ElasticsearchServer().listen()
    const relay = await start(server)
    const finding = {
      ...event("f1", {
        tool: { name: "scanner" },
        rule: { id: "R1", name: "injection", text: "No injection", uri: "https://example.com/R1", cve: "CVE-2026-1" },
        level: "error",
        severity: "high",
        message: "Found",
        location: { uri: "src/a.js", line: 3 },
      }),
      subject: "src/a.js",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    relay.add(finding, { ...event("f2", "some text"), datacontenttype: "text/plain" }, event("f3", [1, 2]))
    await relay.drained(3)
    const documents = [...server.documentsIn(stream).values()] as Document[]
    expect(documents[0]).toEqual({
      "@timestamp": "2026-03-01T10:00:00.500Z",
      ecs: { version: "8.17.0" },
      message: "Found",
      event: {
        id: "f1",
        provider: "/tests",
        action: "finding.reported",
        kind: "alert",
        module: "ohmq",
        ingested: expect.stringMatching(/^20/),
        severity: 73,
      },
      trace: { id: "0af7651916cd43dd8448eb211c80319c" },
      span: { id: "b7ad6b7169203331" },
      rule: { id: "R1", name: "injection", description: "No injection", reference: "https://example.com/R1" },
      vulnerability: { severity: "high", id: "CVE-2026-1" },
      file: { path: "src/a.js" },
      cloudevents: { subject: "src/a.js", severity: "high", data: finding.data },
    })
    expect(documents[1]?.cloudevents).toEqual({ datacontenttype: "text/plain", data_text: "some text" })
    expect(documents[2]?.cloudevents).toEqual({ data_text: "[1,2]" })

    for (const name of ["elasticsearch", "opensearch"]) {
      const file = join(import.meta.dirname, `../../templates/${name}.json`)
      const { mappings } = JSON.parse(readFileSync(file, "utf8")).template
      for (const path of documents.flatMap((document) => leaves(document))) {
        const found = path.split(".").reduce((at, field) => at?.properties?.[field], mappings)
        expect(found?.type, `${path} in ${name}`).toBeTypeOf("string")
      }
    }
  })

  it("sends many events in few requests, in order, compressed", async () => {
    const server = await new ElasticsearchServer().listen()
    const relay = await start(server)
    relay.add(...numbered(1000))
    await relay.drained(1000)
    expect(idsIn(server)).toEqual(ids(1000))
    expect(server.requests.length).toBeLessThan(30)
    expect(server.requests.some(({ headers }) => headers["content-encoding"] === "gzip")).toBe(true)
  })

  it("tells events of different sources apart, and stores what is sent again once", async () => {
    const server = await new ElasticsearchServer().listen()
    server.faults.push("cut-after")
    const relay = await start(server)
    relay.add(...numbered(5), { ...event("1"), source: "/others" })
    await relay.drained(6)
    expect(idsIn(server).toSorted()).toEqual(["1", "1", "2", "3", "4", "5"])
    expect(await relay.metric('ohmq_relay_events_out_total{sink="out"}')).toBe(6)
  })

  it.each([
    ["429", { status: 429, body: { error: { type: "es_rejected_execution_exception" } } }],
    ["503", { status: 503, body: "" }],
    ["a proxy's page with 200", { status: 200, body: "<html>" }],
    ["404", { status: 404, body: "<html>" }],
    ["a cut connection", "cut" as const],
    ["no answer", "silent" as const],
  ])("tries again after %s, and loses nothing", async (_title, fault) => {
    const server = await new ElasticsearchServer().listen()
    server.faults.push(fault, fault)
    const relay = await start(server, `, dataStream: ${stream}, timeout: 100ms`)
    relay.add(...numbered(20))
    await relay.drained(20)
    expect(idsIn(server)).toEqual(ids(20))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
  })

  it("gives up only a document that does not fit, and sends one that was rejected again, alone", async () => {
    const server = await new ElasticsearchServer().listen()
    let busy = 3
    server.rejects = (document) => {
      const { id } = (document as Document).event ?? {}
      if (id === "4") return { status: 400, type: "document_parsing_exception", reason: "failed to parse field [n]" }
      if (id === "7" && busy-- > 0)
        return { status: 429, type: "es_rejected_execution_exception", reason: "queue full" }
      return undefined
    }
    const relay = await start(server)
    relay.add(...numbered(10))
    await relay.drained(10)
    expect(idsIn(server).toSorted()).toEqual(
      ids(10)
        .filter((id) => id !== "4")
        .toSorted(),
    )
    expect(relay.log.find(({ msg }) => String(msg).includes("dead letter"))).toMatchObject({
      reason: "Elasticsearch answered 400, document_parsing_exception: failed to parse field [n]",
    })
    const last = server.requests.at(-1)?.body?.toString().split("\n").slice(0, -1)
    expect(last).toHaveLength(2)
  })

  it.each([
    ["the key is wrong", (server: ElasticsearchServer) => (server.authorization = "ApiKey other"), "401"],
    [
      "the index is missing",
      (server: ElasticsearchServer) => (server.createsIndexes = false),
      "index_not_found_exception",
    ],
    [
      "the index may not be written to",
      (server: ElasticsearchServer) =>
        (server.rejects = () => ({ status: 403, type: "cluster_block_exception", reason: "index read-only" })),
      "cluster_block_exception",
    ],
  ])("keeps all events while %s, and says so", async (_title, breakIt, said) => {
    const server = await new ElasticsearchServer().listen()
    breakIt(server)
    const relay = await start(server, ", index: events")
    relay.add(...numbered(3))
    await until(() => relay.log.some(({ reason }) => String(reason).includes(said)))
    Object.assign(server, { authorization: undefined, createsIndexes: true, rejects: () => undefined })
    await relay.drained(3)
    expect(idsIn(server, "events")).toEqual(ids(3))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
  })

  it("splits what is too large", async () => {
    const server = await new ElasticsearchServer().listen()
    server.maxBytes = 5000
    const relay = await start(server)
    relay.add(...numbered(40), event("41", { text: "x".repeat(6000) }))
    await relay.drained(41)
    expect(idsIn(server)).toEqual(ids(40))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(1)
  })

  it.each([
    ["apiKey: env:TEST_ES_SECRET", "ApiKey secret"],
    ["username: relay, password: env:TEST_ES_SECRET", `Basic ${Buffer.from("relay:secret").toString("base64")}`],
  ])("authenticates with %s", async (options, expected) => {
    process.env.TEST_ES_SECRET = "secret"
    const server = await new ElasticsearchServer().listen()
    server.authorization = expected
    const relay = await start(server, `, dataStream: ${stream}, ${options}`)
    relay.add(event("1"))
    await relay.drained(1)
    expect(idsIn(server)).toEqual(["1"])
  })

  it("trusts the authority of ca, and no other", async () => {
    const folder = temporaryFolder()
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "ca.pem")]
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", ...files, ...subject],
      { stdio: "ignore" },
    )
    const tls = { key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(folder, "ca.pem")) }
    const server = await new ElasticsearchServer().listen(tls)

    const distrustful = await start(server)
    distrustful.add(event("1"))
    await until(() => distrustful.log.some(({ reason }) => /self-signed/.test(String(reason))))
    expect(idsIn(server)).toEqual([])

    const relay = await start(server, `, dataStream: ${stream}, ca: ./ca.pem`, folder)
    relay.add(event("2"))
    await relay.drained(1)
    expect(idsIn(server)).toEqual(["2"])
  })
})
