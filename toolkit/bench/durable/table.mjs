// The tables of the durable benchmark, as Markdown.

import { median } from "../../../bench/lib/statistics.mjs"
import { markdown } from "../../../bench/lib/table.mjs"
import { guarantees } from "./contenders.mjs"

const whole = (number) => Math.round(number).toLocaleString("en")
const middle = (rounds, key) => median(rounds.map((round) => round[key]))

/** A row for each contender, with the fastest first. `figures` has the rounds by name. */
function results(entrants, figures) {
  const rows = entrants
    .map((contender) => ({ contender, rounds: figures[contender.name] }))
    .sort((one, other) => middle(other.rounds, "rate") - middle(one.rounds, "rate"))
    .map(({ contender, rounds }) => {
      const rates = rounds.map(({ rate }) => rate)
      return [
        contender.name,
        String(contender.copies),
        whole(middle(rounds, "rate")),
        `${whole(Math.min(...rates))} to ${whole(Math.max(...rates))}`,
        middle(rounds, "p50").toFixed(1),
        middle(rounds, "p99").toFixed(1),
      ]
    })
  return markdown(["", "copies", "events/s", "all rounds", "p50, ms", "p99, ms"], rows)
}

const settings = (entrants) =>
  markdown(
    ["", "version", "client", "acknowledged when", "batches and pipelining", "the consumer acknowledges by"],
    entrants.map((one) => [one.name, one.version(), one.client(), one.acknowledges, one.batches, one.consumes]),
  )

/** The report: a table for each guarantee, then one of versions and settings. */
export function report(head, entrants, figures) {
  const measured = entrants.filter(({ name }) => figures[name] !== undefined)
  const parts = Object.entries(guarantees).flatMap(([guarantee, title]) => {
    const equal = measured.filter((contender) => contender.guarantee === guarantee)
    return equal.length === 0 ? [] : [`### ${title}`, results(equal, figures)]
  })
  return `${[head, ...parts, "### Versions and settings", settings(measured)].join("\n\n")}\n`
}
