import { once } from "node:events"
import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { type AuditLog, AuditServer, createAuditLog, openAuditLog, verifyAuditLog, Witness } from "ohmq-toolkit/audit"
import { describe, expect, it, onTestFinished } from "vitest"
import { checkpointOf, failure, filled, newLog, opened, served, temporaryFolder } from "./support.js"

async function newWitness(name: string, ...logs: string[]) {
  const folder = temporaryFolder()
  const witness = await Witness.open(folder, { name, logs })
  const server = await AuditServer.start({ witness })
  onTestFinished(async () => {
    await server.close()
    await witness.close()
  })
  return { folder, witness, server }
}

const hash = (i: number) => Buffer.alloc(32, i).toString("base64")

describe("two hosts", () => {
  it("cosign each other, and a verifier asks for both", async () => {
    const logs = await Promise.all(
      ["a", "b"].map(async (host) => {
        const folder = join(temporaryFolder(), "log")
        return { host, folder, key: await createAuditLog(folder, { name: `${host}.example.com/log` }) }
      }),
    )
    const [a, b] = logs as [(typeof logs)[0], (typeof logs)[0]]
    for (const [own, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const { witness, server } = await newWitness(`${other.host}.example.com/witness`, own.key)
      const policy = `witness w ${witness.key} ${server.url}\nquorum w\n`
      const log = await opened(own.folder, { policy })
      for (let i = 0; i < 3; i++) await log.append(`entry ${i}`)
      await log.close()
      const report = await verifyAuditLog(own.folder, { keys: [own.key], policy })
      expect(report).toMatchObject({
        found: 0,
        size: 3,
        cosignatures: [{ witness: `${other.host}.example.com/witness` }],
      })
      expect(Math.abs((report.cosignatures[0]?.time ?? 0) - Date.now())).toBeLessThan(60_000)
      // Without the line of the witness, the policy is not met.
      const note = checkpointOf(own.folder)
      writeFileSync(served(own.folder, "checkpoint"), note.slice(0, note.indexOf("— ", note.indexOf("— ") + 1)))
      expect((await verifyAuditLog(own.folder, { keys: [own.key], policy })).problems).toMatchObject([
        { kind: "witness", message: expect.stringContaining("Expected what the policy says: quorum w") },
      ])
    }
  })
})

describe("a log with a witness", () => {
  it("does not go on after a rollback, nor as a fork", async () => {
    const { folder, key, log } = await newLog()
    const { witness, server } = await newWitness("w", key)
    await log.append("one")
    await log.close()
    const options = { policy: `witness w ${witness.key} ${server.url}\nquorum w\n` }
    const copies = ["rolled back", "forked"].map((name) => {
      const copy = join(temporaryFolder(), name)
      cpSync(folder, copy, { recursive: true, filter: (path) => !/owner\.\d+$/.test(path) })
      return copy as string
    }) as [string, string]
    const fork = await opened(copies[1])
    await fork.append("another two")
    await fork.close()
    const again = await opened(folder, options)
    await again.append("two")
    await again.close()
    expect(checkpointOf(folder)).toContain("— w ")
    const rolledBack = await failure(openAuditLog(copies[0], options))
    expect(rolledBack).toMatchObject({
      code: "ROLLED_BACK",
      message: expect.stringContaining(
        "The witness w has cosigned audit.example.com/test with 2 entries, but this log has 1",
      ),
    })
    expect((await failure(openAuditLog(copies[1], options))).code).toBe("FORKED")
  })

  it("stops when the witness says so while it runs", async () => {
    const { folder, key, log } = await newLog()
    await log.close()
    const { witness, server } = await newWitness("w", key)
    const copy = join(temporaryFolder(), "copy")
    cpSync(folder, copy, { recursive: true, filter: (path) => !/owner\.\d+$/.test(path) })
    const problems: string[] = []
    const options = {
      policy: `witness w ${witness.key} ${server.url}\nquorum w\n`,
      onProblem: (text: string) => problems.push(text),
    }
    const [one, two] = [await opened(folder, options), await opened(copy, options)]
    await one.append("one")
    await one.append("two")
    await expect.poll(() => checkpointOf(folder)).toMatch(/\n2\n.*— w /s)
    await two.append("other")
    await expect.poll(() => problems.join()).toMatch(/rolled back/)
    expect((await failure(two.append("more"))).code).toBe("ROLLED_BACK")
  })

  it("goes on without a witness that cannot be reached, and says so once", async () => {
    const { witness, server } = await newWitness("w")
    const problems: string[] = []
    await server.close()
    const policy = `witness w ${witness.key} ${server.url}\nquorum none\n`
    const { log } = await newLog({ policy, onProblem: (text) => problems.push(text) })
    await log.append("one")
    expect((await log.checkpoint()).size).toBe(1)
    await log.close()
    expect(problems).toEqual([expect.stringMatching(/^The witness w did not cosign: .*ECONNREFUSED/)])
  })
})

describe("the checkpoint of a log that grows", () => {
  /** Passes requests on to a witness after a while. */
  async function slowed(url: string, milliseconds: number): Promise<string> {
    const server = createServer(async (incoming, outgoing) => {
      let body = ""
      for await (const chunk of incoming.setEncoding("utf8")) body += chunk
      await setTimeout(milliseconds)
      const answer = await fetch(url + incoming.url, { method: "POST", body })
      outgoing.writeHead(answer.status, { "content-type": String(answer.headers.get("content-type")) })
      outgoing.end(await answer.text())
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Appends until the checkpoint that is served has the cosignature, and never pauses as long as a checkpoint is not made. */
  async function cosignedWhileGrowing(log: AuditLog, folder: string, name: string): Promise<boolean> {
    let isOver = false
    const appending = (async () => {
      while (!isOver) {
        await log.append("entry")
        await setTimeout(1)
      }
    })()
    const deadline = Date.now() + 20_000
    while (!checkpointOf(folder).includes(`— ${name} `) && Date.now() < deadline) await setTimeout(5)
    isOver = true
    const isCosigned = checkpointOf(folder).includes(`— ${name} `)
    await appending
    return isCosigned
  }

  it("waits for a witness that takes longer than the next checkpoint", async () => {
    const { folder, key, log: first } = await newLog()
    await first.close()
    const { witness, server } = await newWitness("w", key)
    const policy = `witness w ${witness.key} ${await slowed(server.url, 150)}\nquorum w\n`
    // The next checkpoint would be there after some milliseconds.
    const log = await opened(folder, { policy, delay: 1 })
    // It was asked when the log was opened, too.
    await log.append("first")
    await log.checkpoint()
    expect(await cosignedWhileGrowing(log, folder, "w")).toBe(true)
  })

  it("does not wait for a witness that is away, to have the cosignature of another", async () => {
    const { folder, key, log: first } = await newLog()
    await first.close()
    const [near, away] = [await newWitness("near", key), await newWitness("away", key)]
    const policy = `witness n ${near.witness.key} ${near.server.url}
witness a ${away.witness.key} ${await slowed(away.server.url, 60_000)}
quorum n
`
    const problems: string[] = []
    const log = await opened(folder, { policy, onProblem: (text) => problems.push(text) })
    expect(problems).toEqual([expect.stringMatching(/^The witness away did not cosign: /)])
    await log.append("first")
    expect(await cosignedWhileGrowing(log, folder, "near")).toBe(true)
    expect(checkpointOf(folder)).not.toContain("— away ")
  })

  it("gets a cosignature that came late, if there is no newer one", async () => {
    const { folder, key, log: first } = await newLog()
    await first.close()
    const { witness, server } = await newWitness("w", key)
    const policy = `witness w ${witness.key} ${await slowed(server.url, 1000)}\nquorum w\n`
    const log = await opened(folder, { policy })
    await log.append("one")
    expect((await log.checkpoint()).note).not.toContain("— w ")
    await expect.poll(() => checkpointOf(folder), { timeout: 20_000 }).toMatch(/\n1\n.*— w /s)
    await log.append("two")
    await log.append("three")
    await expect.poll(() => checkpointOf(folder), { timeout: 20_000 }).toMatch(/\n3\n.*— w /s)
  })

  it("has one cosignature of a witness, however often it is asked", async () => {
    const { folder, key, log } = await newLog()
    await log.append("one")
    await log.close()
    const { witness, server } = await newWitness("w", key)
    const policy = `witness w ${witness.key} ${server.url}\nquorum w\n`
    for (let i = 0; i < 3; i++) await (await openAuditLog(folder, { policy })).close()
    expect(checkpointOf(folder).match(/^— w /gm)).toHaveLength(1)
    expect(await verifyAuditLog(folder, { keys: [key], policy })).toMatchObject({ found: 0 })
  })
})

describe("add-checkpoint", () => {
  it("answers what tlog-witness says", async () => {
    const { folder, key } = await filled(5)
    const five = checkpointOf(folder)
    const { witness, server, folder: own } = await newWitness("w", key)
    const { folder: unknown } = await filled(0)
    const stranger = checkpointOf(unknown).replaceAll("audit.example.com/test", "stranger")
    const { folder: impostor } = await filled(5)
    const post = async (body: string) => {
      const response = await fetch(`${server.url}/add-checkpoint`, { method: "POST", body })
      return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
    }
    for (const [body, status] of [
      ["", 400],
      [`old 05\n\n${five}`, 400],
      [`old 0\nshort\n\n${five}`, 400],
      [`old 0\n${`${hash(1)}\n`.repeat(64)}\n${five}`, 400],
      [`old 6\n\n${five}`, 400],
      ["old 0\n\nno checkpoint", 400],
      [`old 0\n\n${stranger}`, 404],
      [`old 0\n\n${checkpointOf(impostor)}`, 403],
      [`old 0\n\n${five.replace("\n5\n", "\n6\n")}`, 403],
      [`old 0\n${hash(1)}\n\n${five}`, 422],
      ["x".repeat(1 << 18), 413],
    ] as const)
      expect((await post(body)).status, body.slice(0, 60)).toBe(status)
    expect(await post(`old 3\n\n${five}`)).toEqual({ status: 409, type: "text/x.tlog.size", text: "0\n" })
    const { status, text } = await post(`old 0\n\n${five}`)
    expect([status, text]).toEqual([200, expect.stringMatching(/^— w \S+\n$/)])
    expect(await post(`old 0\n\n${five}`)).toMatchObject({ status: 409, text: "5\n" })
    expect((await post(`old 5\n\n${five}`)).status).toBe(200)
    // A fork of the same size, signed by the same key.
    const fork = join(temporaryFolder(), "fork")
    await createFork(folder, fork)
    expect((await post(`old 5\n\n${checkpointOf(fork)}`)).status).toBe(422)

    const origin = await crypto.subtle.digest("SHA-256", Buffer.from("audit.example.com/test"))
    const monitoring = `${server.url}/${Buffer.from(origin).toString("hex")}/checkpoint`
    expect(await (await fetch(monitoring)).text()).toMatch(/^audit\.example\.com\/test\n5\n.*— audit.*— w /s)
    // It remembers after a restart.
    await witness.close()
    const again = await Witness.open(own)
    expect(again.add(`old 0\n\n${five}`)).toMatchObject({ status: 409, text: "5\n" })
    await again.close()
  })

  /** A log with the key of another one, and other entries. */
  async function createFork(folder: string, fork: string) {
    await createAuditLog(fork, { name: "audit.example.com/test" }).catch(() => {})
    const copy = join(temporaryFolder(), "log")
    const { mkdirSync } = await import("node:fs")
    mkdirSync(copy, { mode: 0o700 })
    writeFileSync(join(copy, "key"), readFileSync(join(folder, "key")), { mode: 0o600 })
    await createAuditLog(copy, { name: "audit.example.com/test" })
    const log = await opened(copy)
    for (let i = 0; i < 5; i++) await log.append(`other ${i}`)
    await log.close()
    cpSync(join(copy, "public"), join(fork, "public"), { recursive: true })
  }

  it("refuses what cannot be a witness", async () => {
    const { folder } = await filled(0)
    expect((await failure(Witness.open(temporaryFolder()))).message).toMatch(/has no witness\. Give it a name/)
    expect((await failure(Witness.open(folder))).message).toMatch(/is in use|is the key of a log/)
    const { witness, folder: own } = await newWitness("w")
    expect((await failure(Witness.open(own))).code).toBe("LOCKED")
    expect((await failure(Witness.open(temporaryFolder(), { name: "x", logs: [witness.key] }))).message).toMatch(
      /is that of a witness/,
    )
  })
})

describe("AuditServer", () => {
  it("serves the checkpoint and tiles with their headers, and nothing else", async () => {
    const { folder } = await filled(300)
    await using server = await AuditServer.start({ log: folder })
    const get = (path: string, headers = {}) => fetch(server.url + path, { headers })
    const checkpoint = await get("/checkpoint")
    expect([
      checkpoint.headers.get("content-type"),
      checkpoint.headers.get("cache-control"),
      await checkpoint.text(),
    ]).toEqual(["text/plain; charset=utf-8", "no-cache", checkpointOf(folder)])
    for (const path of [
      "/tile/0/000",
      "/tile/0/001.p/44",
      "/tile/1/000.p/1",
      "/tile/entries/000",
      "/tile/entries/001.p/44",
    ]) {
      const response = await get(path)
      expect(response.headers.get("content-type")).toBe("application/octet-stream")
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable")
      expect(Buffer.from(await response.arrayBuffer()), path).toEqual(readFileSync(served(folder, path)))
    }
    expect((await get("/tile/entries/000", { "accept-encoding": "identity" })).headers.get("content-encoding")).toBe(
      null,
    )
    expect((await get("/tile/entries/000")).headers.get("content-encoding")).toBe("gzip")
    for (const path of [
      "/",
      "/key",
      "/head",
      "/../key",
      "/%2e%2e/key",
      "/tile/../../key",
      "/tile/0/1",
      "/tile/64/000",
      "/tile/0/999",
      "/add-checkpoint",
    ]) {
      // fetch() would tidy the path up.
      const status = await new Promise((resolve) =>
        request(server.url, { path }, (response) => {
          response.resume()
          resolve(response.statusCode)
        }).end(),
      )
      expect(status, path).toBe(404)
    }
    expect((await fetch(`${server.url}/checkpoint`, { method: "POST", body: "x" })).status).toBe(405)
  })

  it("listens on this machine only, unless told otherwise", async () => {
    const { folder } = await filled(0)
    expect((await failure(AuditServer.start({ log: folder, host: "0.0.0.0" }))).message).toMatch(
      /can be reached from other machines/,
    )
    await using _ = await AuditServer.start({ log: folder, host: "0.0.0.0", insecure: true })
    expect((await failure(AuditServer.start({ log: temporaryFolder() }))).code).toBe("NOT_FOUND")
    await using taken = await AuditServer.start({ log: folder })
    const port = Number(new URL(taken.url).port)
    expect((await failure(AuditServer.start({ log: folder, port }))).message).toMatch(/EADDRINUSE/)
  })
})
