// The sink `prometheus`: counters, gauges and histograms made of events, beside the relay's own metrics.

import { Counter, Gauge, Histogram, type Registry } from "prom-client"
import { z } from "zod"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { storedEvent } from "../formats/stored-event.js"
import { Expression, type Subject } from "../routes/expression.js"

/** https://prometheus.io/docs/concepts/data_model/ */
const metricName = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "A name of a metric has letters, digits and _, and does not begin with a digit")
  .regex(/^(?!ohmq_|process_)/, "Names that begin with ohmq_ or process_ are those of the relay")
const labelName = z
  .string()
  .regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/, "A name of a label has letters, digits and _, and does not begin with __")

const ruleSchema = z.strictObject({
  counter: metricName
    .regex(/_total$/, "The name of a counter ends with _total")
    .optional()
    .describe("Counts events, or adds their `value`. The name ends with `_total`."),
  gauge: metricName.optional().describe("Is the `value` of the last event."),
  histogram: metricName.optional().describe("Observes the `value` of each event."),
  help: z.string().min(1).prefault("Made of events").describe("What the metric is."),
  when: z.string().optional().describe("A CEL expression: the events that count. All, by default."),
  value: z.string().optional().describe("A CEL expression: a number. 1 for a counter, by default."),
  labels: z
    .record(labelName, z.string())
    .prefault({})
    .describe("Labels, and CEL expressions for their values. Empty if the event has no such field."),
  buckets: z.array(z.number()).min(1).optional().describe("The upper bounds of the buckets of a histogram."),
})
type RuleOptions = z.infer<typeof ruleSchema>

const schema = z.strictObject({
  rules: z.array(ruleSchema).min(1).describe("A metric each."),
  maxSeries: z
    .int()
    .min(1)
    .max(100_000)
    .prefault(1000)
    .describe("At most this many combinations of label values a metric. Events beyond it count as dropped."),
})
type Config = z.infer<typeof schema>

const types = ["counter", "gauge", "histogram"] as const

const typeOf = (rule: RuleOptions) => types.filter((type) => rule[type] !== undefined)

const nameOf = (rule: RuleOptions): string => rule.counter ?? rule.gauge ?? rule.histogram ?? ""

class Rule {
  readonly name: string
  readonly #when: Expression | undefined
  readonly #value: Expression | undefined
  readonly #labels: [name: string, value: Expression][]
  readonly #record: (labels: Record<string, string>, value: number) => void
  readonly #series = new Set<string>()
  readonly #isCounter: boolean

  constructor(rule: RuleOptions, registry: Registry) {
    const { when, value, labels, help, counter, gauge, buckets } = rule
    this.name = nameOf(rule)
    this.#when = when === undefined ? undefined : new Expression(when)
    this.#value = value === undefined ? undefined : new Expression(value)
    this.#labels = Object.entries(labels).map(([name, expression]) => [name, new Expression(expression)])
    this.#isCounter = counter !== undefined
    const options = { name: this.name, help, labelNames: Object.keys(labels), registers: [registry] }
    if (counter !== undefined) {
      const metric = new Counter(options)
      this.#record = (by, amount) => metric.inc(by, amount)
    } else if (gauge !== undefined) {
      const metric = new Gauge(options)
      this.#record = (by, amount) => metric.set(by, amount)
    } else {
      const metric = new Histogram({ ...options, ...(buckets && { buckets }) })
      this.#record = (by, amount) => metric.observe(by, amount)
    }
  }

  /** Counts an event. Returns `full` if that needs a series too many. Throws if the value is not a number. */
  take(subject: Subject, maxSeries: number): "full" | undefined {
    if (this.#when !== undefined && !isMet(this.#when, subject)) return undefined
    const value = this.#value === undefined ? 1 : this.#value.valueFor(subject)
    if (typeof value !== "number") throw new Error(`The value is not a number but ${JSON.stringify(value)}`)
    if (this.#isCounter && value < 0) throw new Error(`A counter cannot go down: the value is ${value}`)
    const labels = Object.fromEntries(this.#labels.map(([name, expression]) => [name, labelOf(expression, subject)]))
    const key = JSON.stringify(labels)
    if (!this.#series.has(key)) {
      if (this.#series.size >= maxSeries) return "full"
      this.#series.add(key)
    }
    this.#record(labels, value)
    return undefined
  }
}

/** An event without the field that is asked for does not count. */
function isMet(expression: Expression, subject: Subject): boolean {
  try {
    return expression.isMet(subject)
  } catch {
    return false
  }
}

function labelOf(expression: Expression, subject: Subject): string {
  try {
    const value = expression.valueFor(subject)
    return typeof value === "string" ? value : value === null ? "" : JSON.stringify(value)
  } catch {
    return ""
  }
}

class PrometheusSink implements Sink {
  readonly #config: Config
  readonly #context: ComponentContext
  #rules: Rule[] = []
  #isFull = false

  constructor(config: Config, context: ComponentContext) {
    this.#config = config
    this.#context = context
  }

  async start(): Promise<void> {
    const { name: sink, metrics } = this.#context
    this.#rules = this.#config.rules.map((rule) => new Rule(rule, metrics.registry))
    for (const { name: metric } of this.#rules) metrics.seriesDropped.inc({ sink, metric }, 0)
  }

  async deliver(batch: readonly Outgoing[]): Promise<Outcome[]> {
    return batch.map((outgoing) => this.#take(outgoing))
  }

  #take({ frames, sender }: Outgoing): Outcome {
    const subject = { event: storedEvent(frames), ...(sender !== undefined && { sender }) }
    const problems: string[] = []
    for (const rule of this.#rules) {
      try {
        if (rule.take(subject, this.#config.maxSeries) === "full") this.#noteFull(rule)
      } catch (error) {
        problems.push(`${rule.name}: ${(error as Error).message}`)
      }
    }
    return problems.length === 0 ? "done" : { refused: problems.join("; ") }
  }

  #noteFull({ name: metric }: Rule): void {
    const { name: sink, metrics, log } = this.#context
    metrics.seriesDropped.inc({ sink, metric })
    if (this.#isFull) return
    this.#isFull = true
    log.error({ metric, maxSeries: this.#config.maxSeries }, "A metric has too many series: new ones are not counted")
  }

  async stop(): Promise<void> {
    for (const { name } of this.#rules) this.#context.metrics.registry.removeSingleMetric(name)
  }
}

/** What is wrong with a rule, and where. */
function problemIn(rule: RuleOptions): [path: PropertyKey[], problem: string] | undefined {
  const found = typeOf(rule)
  if (found.length !== 1) return [[], `Expected one of ${types.join(", ")}`]
  const [type] = found
  if (type !== "counter" && rule.value === undefined) return [[], `A ${type} needs a value`]
  if (type !== "histogram" && rule.buckets !== undefined) return [["buckets"], "Only a histogram has buckets"]
  const expressions: [string[], string | undefined][] = [
    [["when"], rule.when],
    [["value"], rule.value],
    ...Object.entries(rule.labels).map(([name, text]): [string[], string] => [["labels", name], text]),
  ]
  for (const [path, text] of expressions) {
    try {
      if (text !== undefined) new Expression(text)
    } catch (error) {
      return [path, (error as Error).message]
    }
  }
  return undefined
}

export const prometheusSink = sinkKind<Config>({
  schema,
  check: ({ rules }, http) => {
    if (!http.isOn) return [[], 'The metrics are at /metrics. Add at the top: http: { listen: "127.0.0.1:8080" }']
    const names = rules.map(nameOf)
    for (const [index, rule] of rules.entries()) {
      const problem = problemIn(rule)
      if (problem) return [["rules", index, ...problem[0]], problem[1]]
      if (names.indexOf(nameOf(rule)) < index) return [["rules", index], `There are two metrics ${nameOf(rule)}`]
    }
    return undefined
  },
  claims: ({ rules }) => rules.map((rule) => `the metric ${nameOf(rule)}`),
  create: (config, context) => new PrometheusSink(config, context),
})
