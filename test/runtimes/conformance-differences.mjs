// The checks of test/conformance that fail on a runtime, with the error and the reason. docs/runtimes.md lists the reasons.

import { classNames } from "../conformance/toolbox.mjs"

/** @type {Record<string, Record<string, { reason: string, error: RegExp }>>} By the runtime's name and the check's. */
export const differences = { Bun: {} }

const onBun = (reason, error, names) => {
  for (const name of names) differences.Bun[name] = { reason, error }
}

const words = "JavaScriptCore words the error differently from V8"

onBun(
  words,
  /'Cannot call a class constructor \w+ without \|new\|'/,
  classNames.map((name) => `exports: ${name} cannot be called without new`),
)
onBun(words, /'Attempted to assign to readonly property\.'/, [
  "context: maxSocketsLimit cannot be written",
  "exports: Observer.closed is an accessor without a setter",
  ...[
    ...["closed", "context", "events", "lastEndpoint", "readable"],
    ...["securityMechanism", "threadSafe", "type", "writable"],
  ].map((name) => `exports: writing ${name} of a socket throws`),
])
onBun(words, /'Attempting to define property on object that is not extensible\.'/, [
  "context: writing an unknown property throws",
  ...classNames.map((name) => `exports: writing an unknown property of a ${name} throws`),
  ...[
    ...["multicastHops", "receiveBufferSize", "receiveHighWaterMark", "receiveTimeout"],
    ...["sendBufferSize", "sendHighWaterMark", "sendTimeout"],
  ].map((name) => `options: ${name} is no option of other classes than every class that has it`),
  ...Object.entries({
    conflate: "Publisher, Subscriber, Dealer, Pull, Push",
    correlate: "Request",
    handover: "Router",
    invertMatching: "Publisher, Subscriber, XPublisher",
    mandatory: "Router",
    manual: "XPublisher",
    noDrop: "Publisher, XPublisher",
    notify: "Stream",
    probeRouter: "Request, Dealer, Router",
    relaxed: "Request",
    routingId: "Request, Reply, Dealer, Router",
    welcomeMessage: "XPublisher",
  }).map(([name, where]) => `options: ${name} is no option of other classes than ${where}`),
])
