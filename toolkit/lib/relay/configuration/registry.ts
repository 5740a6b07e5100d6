// The kinds of sources and sinks.

import type { SinkKind, SourceKind } from "../components.js"
import { auditSink } from "../sinks/audit.js"
import { elasticsearchSink } from "../sinks/elasticsearch/elasticsearch.js"
import { execSink } from "../sinks/exec.js"
import { fileSink } from "../sinks/file.js"
import { gateSink } from "../sinks/gate.js"
import { jetstreamSink } from "../sinks/jetstream/jetstream.js"
import { linkSink } from "../sinks/link.js"
import { prometheusSink } from "../sinks/prometheus.js"
import { splunkSink } from "../sinks/splunk-hec/splunk-hec.js"
import { syslogSink } from "../sinks/syslog.js"
import { webhookSink } from "../sinks/webhook.js"
import { zmqSink } from "../sinks/zmq.js"
import { execSource } from "../sources/exec.js"
import { fileSource } from "../sources/file.js"
import { gateSource } from "../sources/gate.js"
import { linkSource } from "../sources/link.js"
import { sarifSource } from "../sources/sarif.js"
import { syslogSource } from "../sources/syslog.js"
import { timerSource } from "../sources/timer.js"
import { webhookSource } from "../sources/webhook/webhook.js"
import { zmqSource } from "../sources/zmq.js"

export const sourceKinds: Readonly<Record<string, SourceKind>> = {
  exec: execSource,
  file: fileSource,
  gate: gateSource,
  link: linkSource,
  sarif: sarifSource,
  syslog: syslogSource,
  timer: timerSource,
  webhook: webhookSource,
  zmq: zmqSource,
}

export const sinkKinds: Readonly<Record<string, SinkKind>> = {
  audit: auditSink,
  elasticsearch: elasticsearchSink,
  exec: execSink,
  file: fileSink,
  gate: gateSink,
  jetstream: jetstreamSink,
  link: linkSink,
  prometheus: prometheusSink,
  "splunk-hec": splunkSink,
  syslog: syslogSink,
  webhook: webhookSink,
  zmq: zmqSink,
}
