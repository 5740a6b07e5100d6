// Every way to iterate over messages and events, ended in every way: what follows is received once and in order.

import { describe, expect, it } from "vitest"

import { ENOUGH, Run } from "../support/run.js"
import { kinds, type Source } from "../support/sources.js"
import { ways } from "../support/ways.js"

const cells = (moment: "there" | "waiting") =>
  kinds.flatMap((kind) =>
    Object.entries(ways)
      .filter(([, { over }]) => over === undefined || over(kind))
      .flatMap(([name, way]) =>
        Object.entries(way[moment] ?? {}).map(([end, go]) => ({ kind: kind.name, name, end, go, open: kind.open })),
      ),
  )

/** Iterates and ends in one way, then checks what is received afterwards. */
async function outcome(
  source: Source,
  run: Run,
  go: (run: Run) => Promise<unknown>,
  sent: string[],
  isClosed: boolean,
) {
  await go(run)
  const gone = run.handed.length > run.seen.length ? run.handed : run.seen
  expect(gone.slice(0, run.seen.length)).toEqual(run.seen)
  if (isClosed) {
    expect(gone).toEqual(sent.slice(0, gone.length))
    return
  }
  const more = await source.send(2)
  const received: string[] = []
  while (received.at(-1) !== more.at(-1)) received.push(await source.receive())
  expect([...gone, ...received]).toEqual([...sent, ...more])
  expect(await source.isWaiting()).toBe(false)
}

describe.each(cells("there"))("$kind, $name", ({ end, go, open }) => {
  it(`ended by ${end} while more is there`, async () => {
    const source = await open()
    const sent = await source.send(5)
    const run = new Run(source)
    await outcome(source, run, go, sent, end === "close")
    expect(run.seen.length)[end === "close" ? "toBeGreaterThanOrEqual" : "toBe"](ENOUGH)
  })
})

describe.each(cells("waiting"))("$kind, $name", ({ end, go, open }) => {
  it(`ended by ${end} while it waits`, async () => {
    const source = await open()
    const sent = await source.send(ENOUGH)
    const run = new Run(source)
    await outcome(source, run, go, sent, end === "close")
    expect(run.seen).toEqual(sent)
  })
})
