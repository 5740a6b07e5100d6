import { once } from "node:events"
import { readFileSync } from "node:fs"
import { setTimeout as wait } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { until } from "../relay/support.js"
import { pods, probeNames } from "./pod.js"

const takes = "The relay takes events"

/** The events of which an application was told that they are stored, and that have not come. */
function missing({ lines }: { lines: string[] }, delivered: readonly { id: string }[]): string[] {
  const ids = new Set(delivered.map(({ id }) => id))
  return lines.filter((id) => !ids.has(id))
}

describe("The sidecar of integrations/kubernetes", () => {
  it("brings all that the application was told is stored to the hub, whatever is killed", {
    timeout: 90_000,
  }, async ({ skip }) => {
    const { hub, sidecar, app, delivered } = await pods(skip)
    hub()
    // The application may be there first.
    const apps = [app()]
    let relay = sidecar()
    await relay.logged(takes)
    const count = () => apps.reduce((sum, { lines }) => sum + lines.length, 0)
    const more = async () => {
      const before = count()
      await until(() => count() > before + 50)
    }
    await more()
    for (let round = 0; round < 2; round++) {
      await relay.end("SIGKILL")
      relay = sidecar()
      await more()
      await apps.at(-1)?.end("SIGKILL")
      apps.push(app())
      await more()
    }
    // Kubernetes ends the application first, then the sidecar.
    expect(await apps.at(-1)?.end("SIGTERM")).toBe(0)
    expect(await relay.end("SIGTERM")).toBe(0)
    const ids = delivered().map(({ id }) => id)
    const lost = apps.flatMap(({ lines }) => lines).filter((id) => !ids.includes(id))
    expect(lost).toEqual([])
    expect(new Set(delivered().map(({ ohmqsender }) => ohmqsender))).toEqual(new Set(["shop"]))
    // There twice is only what an application has sent again, because a kill took the answer, or it was late.
    const repeated = ids.filter((id, index) => ids.indexOf(id) !== index)
    const sentAgain = apps.flatMap(({ errors }) =>
      [...errors.matchAll(/No answer about (\S+) yet/g)].map(([, id]) => id),
    )
    expect(repeated.filter((id) => !sentAgain.includes(id))).toEqual([])
  })

  it("drains within the grace period what has waited for the hub", { timeout: 90_000 }, async ({ skip }) => {
    const { network, hub, sidecar, app, delivered } = await pods(skip)
    hub()
    const relay = sidecar()
    await relay.logged(takes)
    const application = app()
    await until(() => delivered().length > 20)
    network.set(1)
    const before = application.lines.length
    await until(() => application.lines.length > before + 200)
    expect(await application.end("SIGTERM")).toBe(0)
    const since = performance.now()
    const ended = relay.end("SIGTERM")
    await wait(500)
    network.set(0)
    expect(await ended).toBe(0)
    expect(performance.now() - since).toBeLessThan(20_000)
    expect(missing(application, delivered())).toEqual([])
  })

  it("waits within the grace period for a hub that is away when the pod ends", { timeout: 90_000 }, async ({
    skip,
  }) => {
    const { hub, sidecar, app, delivered } = await pods(skip)
    const first = hub()
    const relay = sidecar()
    await relay.logged(takes)
    const application = app()
    await until(() => delivered().length > 20)
    await first.end("SIGKILL")
    const before = application.lines.length
    await relay.logged("The sink fails")
    await until(() => application.lines.length > before + 50)
    expect(await application.end("SIGTERM")).toBe(0)
    const ended = relay.end("SIGTERM")
    await wait(2000)
    hub()
    expect(await ended).toBe(0)
    expect(missing(application, delivered())).toEqual([])
  })

  it("is started, ready and alive for the probes of the Deployment, and not when it does not answer", {
    timeout: 90_000,
  }, async ({ skip }) => {
    const { sidecar, probe } = await pods(skip)
    for (const name of probeNames) expect(await probe(name), name).not.toBe(0)
    const relay = sidecar()
    await relay.logged(takes)
    // The hub is away: the relay stores.
    for (const name of probeNames) expect(await probe(name), name).toBe(0)
    relay.child.kill("SIGSTOP")
    expect(await probe("livenessProbe", 1)).not.toBe(0)
    relay.child.kill("SIGCONT")
    await until(async () => (await probe("livenessProbe")) === 0)
    expect(await relay.end("SIGTERM")).toBe(0)
    expect(await probe("readinessProbe")).not.toBe(0)
  })

  it("writes to its volumes only, as a user who is not root, and keeps its keys to itself", async ({ skip }) => {
    const { sidecar, inSidecar } = await pods(skip)
    const relay = sidecar()
    await relay.logged(takes)
    const status = readFileSync(`/proc/${relay.child.pid}/status`, "utf8")
    expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    const files = "/run/ohmq/keys/edge.key_secret /run/ohmq/relay.sock"
    const probe = inSidecar(
      "sh",
      "-c",
      `stat -c %a ${files}; touch /run/ohmq/a; touch /tmp/a; touch /etc/ohmq/secret/a`,
    )
    await once(probe.child, "close")
    expect(probe.lines).toEqual(["400", "700"])
    expect(probe.errors).toMatch(
      /^touch: .*'\/tmp\/a': Read-only file system\ntouch: .*'\/etc\/ohmq\/secret\/a': Read-only file system\n$/,
    )
    expect(await relay.end("SIGTERM")).toBe(0)
  })
})

describe("The hub of integrations/kubernetes", () => {
  it("keeps what it has acknowledged when it is killed, and sidecars go on when it is back", {
    timeout: 90_000,
  }, async ({ skip }) => {
    const { hub, sidecar, app, delivered } = await pods(skip)
    let running = hub()
    await running.logged(takes)
    const relay = sidecar()
    await relay.logged(takes)
    const application = app()
    for (let round = 0; round < 2; round++) {
      const before = delivered().length
      await until(() => delivered().length > before + 50)
      await running.end("SIGKILL")
      const sent = application.lines.length
      // While it is away, the sidecar stores.
      await until(() => application.lines.length > sent + 50)
      running = hub()
      await running.logged(takes)
    }
    // The link is up again: what was stored just now has arrived.
    const recent = application.lines.at(-1)
    await until(() => delivered().some(({ id }) => id === recent))
    expect(await application.end("SIGTERM")).toBe(0)
    expect(await relay.end("SIGTERM")).toBe(0)
    expect(await running.end("SIGTERM")).toBe(0)
    expect(missing(application, delivered())).toEqual([])
    expect(new Set(delivered().map(({ ohmqsender }) => ohmqsender))).toEqual(new Set(["shop"]))
  })

  it("is started, ready and alive for the probes of the StatefulSet, and shows its metrics to other pods", async ({
    skip,
  }) => {
    const { hub, sidecar, probeHub, metricsOf } = await pods(skip)
    for (const name of probeNames) expect(await probeHub(name), name).not.toBe(0)
    const running = hub()
    const relay = sidecar()
    await running.logged(takes)
    await relay.logged(takes)
    for (const name of probeNames) expect(await probeHub(name), name).toBe(0)
    expect(metricsOf("hub")).toContain('ohmq_relay_events_in_total{source="edges"}')
    // The sidecar's are for its pod only.
    expect(metricsOf("sidecar")).toBe("")
    running.child.kill("SIGSTOP")
    expect(await probeHub("livenessProbe", 1)).not.toBe(0)
    running.child.kill("SIGCONT")
    await until(async () => (await probeHub("livenessProbe")) === 0)
    expect(await running.end("SIGTERM")).toBe(0)
    expect(await probeHub("readinessProbe")).not.toBe(0)
  })

  it("lets in nobody whose certificate it has not", async ({ skip }) => {
    const { hub, sidecar, app, delivered } = await pods(skip, { isStranger: true })
    const running = hub()
    const relay = sidecar()
    await relay.logged(takes)
    const application = app()
    await running.logged("A peer was not let in")
    await until(() => application.lines.length > 20)
    expect(delivered()).toEqual([])
  })
})
