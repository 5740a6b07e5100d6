// The options of the sink `elasticsearch`.

import { z } from "zod"
import { secret, size } from "../../../config/index.js"
import { httpOptions } from "../../http/client.js"

/** https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create */
const indexName = z
  .string()
  .max(255)
  .regex(/^[^-_+.A-Z\\/*?"<>| ,#:][^A-Z\\/*?"<>| ,#:]*$/, "Expected a name in lower case, such as logs-ohmq-default")

export const schema = z.strictObject({
  ...httpOptions,
  url: httpOptions.url.describe("Where Elasticsearch or OpenSearch listens. It may have a path."),
  dataStream: indexName.optional().describe("The data stream. Its index template makes it."),
  index: indexName.optional().describe("The index or alias, instead of a data stream."),
  apiKey: secret().optional().describe("An API key, encoded as Elasticsearch gives it."),
  username: z.string().min(1).optional().describe("The user, for basic authentication."),
  password: secret().optional().describe("The password, for basic authentication."),
  pipeline: z.string().min(1).optional().describe("The ingest pipeline. That of the index, by default."),
  maxBytes: size()
    .refine((bytes) => bytes <= 100 * 2 ** 20, "Expected at most 100MiB, which is the server's own limit")
    .prefault("5MiB")
    .describe("The largest body of a request, before compression. A larger event is sent alone."),
})
export type Config = z.infer<typeof schema>
