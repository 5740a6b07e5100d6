// The bulk API of Elasticsearch: what it takes, and how it refuses. https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk

import { type Answer, ContractServer, type Request } from "./server.js"

type Fields = Record<string, unknown>

interface Problem {
  status: number
  type: string
  reason: string
}

const failure = (status: number, type: string, reason: string): Answer => ({
  status,
  body: { error: { root_cause: [{ type, reason }], type, reason }, status },
})

const mayNotStart = /^[-_+.]/
const invalidCharacters = /[A-Z\\/*?"<>| ,#:]/

export class ElasticsearchServer extends ContractServer {
  /** The documents by index or data stream, and then by id. */
  readonly documents = new Map<string, Map<string, Fields>>()
  /** Names that are data streams, which only take `create`. */
  readonly dataStreams = new Set(["logs-ohmq-default"])
  /** What `Authorization` must be. */
  authorization: string | undefined
  maxBytes = 100 * 2 ** 20
  /** Whether indexes are made when they are first written to. */
  createsIndexes = true
  /** What is wrong with a document. */
  rejects: (document: Fields) => Problem | undefined = () => undefined
  #nextId = 0

  documentsIn(index: string): Map<string, Fields> {
    return this.documents.get(index) ?? new Map()
  }

  protected handle({ method, url, headers, body }: Request): Answer {
    if (this.authorization !== undefined && headers.authorization !== this.authorization)
      return failure(
        401,
        "security_exception",
        "unable to authenticate with provided credentials and anonymous access is not allowed for this request",
      )
    // rsyslog asks before it sends.
    if (url.pathname === "/" || url.pathname === "/_cat/health")
      return { status: 200, body: { cluster_name: "test", version: { number: "8.17.0" } } }
    const [, target, isBulk] = /^(?:\/([^/]+))?\/(_bulk)$/.exec(decodeURIComponent(url.pathname)) ?? []
    if (isBulk === undefined)
      return failure(
        400,
        "illegal_argument_exception",
        `no handler found for uri [${url.pathname}] and method [${method}]`,
      )
    if (method !== "POST" && method !== "PUT")
      return { status: 405, body: { error: `Incorrect HTTP method for uri [${url.pathname}]`, status: 405 } }
    if (!/^application\/(x-ndjson|json)\b/.test(headers["content-type"] ?? ""))
      return {
        status: 406,
        body: { error: `Content-Type header [${headers["content-type"]}] is not supported`, status: 406 },
      }
    if (body === undefined) return failure(400, "parse_exception", "Not in GZIP format")
    if (body.length > this.maxBytes) return { status: 413, body: "" }
    const text = body.toString()
    if (text.trim() === "") return failure(400, "parse_exception", "request body is required")
    if (!text.endsWith("\n"))
      return failure(400, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]")
    return this.#bulk(text.split("\n").slice(0, -1), target)
  }

  #bulk(lines: string[], target: string | undefined): Answer {
    const items: Record<string, Fields>[] = []
    for (let i = 0; i < lines.length; i += 2) {
      let action: Record<string, { _index?: string; _id?: string }>
      let document: Fields
      try {
        action = JSON.parse(lines[i] as string)
        document = JSON.parse(lines[i + 1] ?? "")
      } catch (error) {
        return failure(400, "x_content_parse_exception", (error as Error).message)
      }
      const [name = "", { _index = target, _id } = {}] = Object.entries(action)[0] ?? []
      if (name !== "create" && name !== "index")
        return failure(
          400,
          "illegal_argument_exception",
          `Malformed action/metadata line [${i + 1}], expected one of [create, delete, index, update] but found [${name}]`,
        )
      if (_index === undefined)
        return failure(400, "action_request_validation_exception", "Validation Failed: 1: index is missing;")
      items.push({ [name]: this.#index(name, _index, _id ?? `generated-${this.#nextId++}`, document) })
    }
    return {
      status: 200,
      body: { took: 1, errors: items.some((item) => Object.values(item)[0]?.error !== undefined), items },
    }
  }

  #index(action: "create" | "index", index: string, id: string, document: Fields): Fields {
    const refuse = ({ status, type, reason }: Problem): Fields => ({
      _index: index,
      _id: id,
      status,
      error: { type, reason },
    })
    if (mayNotStart.test(index) || invalidCharacters.test(index))
      return refuse({ status: 400, type: "invalid_index_name_exception", reason: `Invalid index name [${index}]` })
    if (Buffer.byteLength(id) > 512)
      return refuse({ status: 400, type: "illegal_argument_exception", reason: "id is too long" })
    if (this.dataStreams.has(index)) {
      if (action !== "create")
        return refuse({
          status: 400,
          type: "illegal_argument_exception",
          reason: "only write ops with an op_type of create are allowed in data streams",
        })
      if (typeof document["@timestamp"] !== "string" || Number.isNaN(Date.parse(document["@timestamp"])))
        return refuse({
          status: 400,
          type: "document_parsing_exception",
          reason: "data stream timestamp field [@timestamp] is missing",
        })
    } else if (!this.createsIndexes && !this.documents.has(index))
      return refuse({ status: 404, type: "index_not_found_exception", reason: `no such index [${index}]` })
    const problem = this.rejects(document)
    if (problem) return refuse(problem)
    const documents = this.documents.get(index) ?? new Map<string, Fields>()
    this.documents.set(index, documents)
    if (action === "create" && documents.has(id))
      return refuse({
        status: 409,
        type: "version_conflict_engine_exception",
        reason: `[${id}]: version conflict, document already exists (current version [1])`,
      })
    documents.set(id, document)
    return { _index: index, _id: id, _version: 1, result: "created", status: 201 }
  }
}
