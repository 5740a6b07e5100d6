// rsyslog's omelasticsearch talks to the server that stands in for Elasticsearch in the tests of the sink: a check on that server.

import { connect } from "node:net"
import { expect, it } from "vitest"
import { ElasticsearchServer } from "../relay/contract/elasticsearch.js"
import { freePort, until } from "../relay/support.js"
import { rsyslogd } from "./daemons.js"

const send = (port: number, count: number) =>
  new Promise<void>((done) => {
    const socket = connect(port, "127.0.0.1")
    for (let i = 0; i < count; i++) socket.write(`<13>1 2026-03-01T10:00:00Z web1 app - - - message ${i}\n`)
    socket.end(done)
  })

it("omelasticsearch fills a data stream and an index of the contract server", async () => {
  const server = await new ElasticsearchServer().listen()
  server.authorization = `Basic ${Buffer.from("rsyslog:secret").toString("base64")}`
  const input = await freePort()
  const { port } = new URL(server.url)
  const common = `type="omelasticsearch" server="127.0.0.1" serverport="${port}" uid="rsyslog" pwd="secret" bulkmode="on" searchType="" action.resumeInterval="1"`
  await rsyslogd(
    `module(load="imtcp")
module(load="omelasticsearch")
template(name="document" type="list" option.json="on") {
  constant(value="{\\"@timestamp\\":\\"") property(name="timestamp" dateFormat="rfc3339") constant(value="\\",\\"message\\":\\"") property(name="msg") constant(value="\\"}")
}
template(name="id" type="string" string="%msg%")
input(type="imtcp" port="${input}" address="127.0.0.1")
action(${common} template="document" searchIndex="logs-ohmq-default" writeoperation="create" bulkid="id" dynbulkid="on")
action(${common} template="document" searchIndex="plain")`,
    input,
  )
  await send(input, 50)
  const messages = (index: string) =>
    [...server.documentsIn(index).values()].map(({ message }) => String(message).trim())
  await until(() => messages("plain").length >= 50 && messages("logs-ohmq-default").length >= 50)
  const expected = Array.from({ length: 50 }, (_, index) => `message ${index}`)
  expect(messages("plain")).toEqual(expected)
  expect(messages("logs-ohmq-default")).toEqual(expected)
})
