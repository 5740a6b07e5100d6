// The examples in the help of the pattern verbs, each run in a shell as it stands, with a peer.

import { readdirSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { withFreePorts } from "../support/free-ports.js"
import { ohmq, startShell } from "./support.js"

/**
 * The peer of each example, what is on the example's standard output, and on that of the peer. The peer is a shell command, too; the ports
 * of both are replaced by free ones.
 */
const peers: Record<string, { peer: string; stdout?: string | RegExp; heard?: string | RegExp }> = {
  "ohmq push tcp://127.0.0.1:5557 hello": { peer: "ohmq pull @tcp://127.0.0.1:5557 --count 1", heard: "hello\n" },
  "ohmq push tcp://127.0.0.1:5557 < findings.ndjson": {
    peer: "ohmq pull @tcp://127.0.0.1:5557 --count 2",
    heard: '{"id": 1}\n{"id": 2}\n',
  },
  "ohmq push tcp://127.0.0.1:5557 --rate 1000/s --count 3000 'job {{count}}'": {
    peer: "ohmq pull @tcp://127.0.0.1:5557 --count 3000 | tail -1",
    heard: "job 3000\n",
  },
  "ohmq pub @tcp://127.0.0.1:5556 --topic findings.high '{\"id\": 1}'": {
    peer: "ohmq sub tcp://127.0.0.1:5556 --topic findings. --count 1",
    heard: 'findings.high\t{"id": 1}\n',
  },
  "ohmq pub @tcp://127.0.0.1:5556 --interval 1s --count 3 'clock {{time}}'": {
    peer: "ohmq sub tcp://127.0.0.1:5556 --topic clock --count 3",
    heard: /^(clock \d{4}-\S+Z\n){3}$/,
  },
  "ohmq scatter tcp://127.0.0.1:5557 hello": { peer: "ohmq gather @tcp://127.0.0.1:5557 --count 1", heard: "hello\n" },
  "ohmq radio udp://127.0.0.1:5560 --group findings hello": {
    peer: "ohmq dish @udp://127.0.0.1:5560 --group findings --count 1",
    heard: "findings\thello\n",
  },
  "ohmq pull @tcp://127.0.0.1:5557": { peer: "ohmq push tcp://127.0.0.1:5557 a b", stdout: "a\nb\n" },
  "ohmq pull @tcp://127.0.0.1:5557 --count 1000 --output json > all.ndjson": {
    peer: "seq 1000 | ohmq push tcp://127.0.0.1:5557",
    stdout: "",
  },
  "ohmq sub tcp://127.0.0.1:5556": { peer: "ohmq pub @tcp://127.0.0.1:5556 any", stdout: "any\n" },
  "ohmq sub tcp://127.0.0.1:5556 --topic findings.": {
    peer: "printf 'other\\nfindings.low\\n' | ohmq pub @tcp://127.0.0.1:5556",
    stdout: "findings.low\n",
  },
  "ohmq sub tcp://127.0.0.1:5556 --count 1 --timeout 10s": {
    peer: "ohmq pub @tcp://127.0.0.1:5556 a b",
    stdout: "a\n",
  },
  "ohmq gather @tcp://127.0.0.1:5557": { peer: "ohmq scatter tcp://127.0.0.1:5557 hello", stdout: "hello\n" },
  "ohmq dish @udp://127.0.0.1:5560 --group findings": {
    peer: "for i in 1 2 3 4 5 6 7 8 9; do sleep 1; ohmq radio udp://127.0.0.1:5560 --group findings hello; done",
    stdout: /^findings\thello\n/,
  },
  "ohmq req tcp://127.0.0.1:5555 hello --timeout 2s": {
    peer: "ohmq rep @tcp://127.0.0.1:5555 --echo --count 1",
    stdout: "hello\n",
  },
  "printf 'a\\nb\\n' | ohmq req tcp://127.0.0.1:5555 --timeout 2s": {
    peer: "ohmq rep @tcp://127.0.0.1:5555 --reply '{{count}}' --count 2",
    stdout: "1\n2\n",
  },
  "ohmq rep @tcp://127.0.0.1:5555 --echo": { peer: "ohmq req tcp://127.0.0.1:5555 hello", heard: "hello\n" },
  "ohmq rep @tcp://127.0.0.1:5555 --exec 'tr a-z A-Z'": {
    peer: "ohmq req tcp://127.0.0.1:5555 hello",
    heard: "HELLO\n",
  },
  "ohmq router @tcp://127.0.0.1:5555 --exec 'wc -c' --parallel 4": {
    peer: "ohmq req tcp://127.0.0.1:5555 hello",
    heard: "5\n",
  },
  "ohmq dealer tcp://127.0.0.1:5555 --part '' --part hello --count 1 --timeout 2s": {
    peer: "ohmq rep @tcp://127.0.0.1:5555 --echo --count 1",
    stdout: "\thello\n",
  },
  "ohmq pair @tcp://127.0.0.1:5558": { peer: "ohmq pair tcp://127.0.0.1:5558 hi --duration 1s", stdout: "hi\n" },
  "ohmq xpub @tcp://127.0.0.1:5556 --output hex": {
    peer: "ohmq sub tcp://127.0.0.1:5556 --topic abc --duration 1s",
    stdout: /^# message 1, part 1: 4 bytes\n00000000: 0161 6263 +\.abc\n/,
  },
  "ohmq xsub tcp://127.0.0.1:5556 --topic ''": { peer: "ohmq pub @tcp://127.0.0.1:5556 any", stdout: "any\n" },
  "printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | ohmq stream tcp://127.0.0.1:8080 --size 64Ki --output raw --count 1": {
    peer: "timeout 5 python3 -m http.server --bind 127.0.0.1 8080",
    stdout: /^HTTP\/1\.0 200 OK\r\n/,
  },
  "ohmq client tcp://127.0.0.1:5559 hello --count 1 --timeout 2s": {
    peer: "ohmq server @tcp://127.0.0.1:5559 --echo --count 1",
    stdout: "hello\n",
  },
  "ohmq server @tcp://127.0.0.1:5559 --echo": {
    peer: "ohmq client tcp://127.0.0.1:5559 hello --count 1",
    heard: "hello\n",
  },
  "ohmq channel @tcp://127.0.0.1:5558": { peer: "ohmq channel tcp://127.0.0.1:5558 hi --duration 1s", stdout: "hi\n" },
  "ohmq peer tcp://127.0.0.1:5562 hello": {
    peer: "ohmq peer @tcp://127.0.0.1:5562 --count 1",
    heard: /^\d+\thello\n$/,
  },
  "ohmq dgram @udp://127.0.0.1:5562 --part 127.0.0.1:5561 --part hello --count 1 --timeout 1s": {
    peer: "ohmq dgram @udp://127.0.0.1:5561 --count 1",
    heard: /hello\n$/,
  },
}

/** The verbs that this file is about, with the examples of their help. */
async function examples(): Promise<string[]> {
  const verbs =
    "push pub scatter radio pull sub gather dish req rep router dealer pair xpub xsub stream client server channel peer dgram"
  const found: string[] = []
  for (const verb of verbs.split(" ")) {
    const { stdout } = await ohmq(["help", verb])
    found.push(...[...stdout.matchAll(/^ {2}# .*\n {2}(.*(?:\n {4}.*)*)/gm)].map(([, command]) => command as string))
  }
  return found
}

describe("the examples of the pattern verbs", () => {
  it("are those that are tested", async () => {
    expect((await examples()).sort()).toEqual(Object.keys(peers).sort())
  })

  it.each(Object.entries(peers))("%s", async (command, { peer, stdout, heard }) => {
    const folder = temporaryFolder()
    writeFileSync(path.join(folder, "findings.ndjson"), '{"id": 1}\n{"id": 2}\n')
    const [line = "", other = ""] = await withFreePorts(command, peer)
    const options = { cwd: folder, timeout: 30_000 }
    const peering = startShell(other, options)
    // A pipe that stays open, as a terminal does.
    // Over udp nobody waits for anybody, so what is sent is sent again.
    const isLost = heard !== undefined && command.includes("udp:")
    const running = startShell(isLost ? `for i in $(seq 9); do ${line}; sleep 1; done` : line, options)
    if (heard !== undefined) {
      const text = (await peering.ended).stdout
      if (typeof heard === "string") expect(text).toBe(heard)
      else expect(text).toMatch(heard)
    }
    if (typeof stdout === "string" && stdout !== "")
      await running.until(new RegExp(stdout.slice(-10).replace(/[.\\?*+{]/g, "\\$&")), "stdout")
    else if (stdout instanceof RegExp) await running.until(stdout, "stdout")
    if (typeof stdout === "string" && stdout !== "") expect(running.stdout).toBe(stdout)
    if (command.includes("all.ndjson")) {
      await running.ended
      expect(readdirSync(folder)).toContain("all.ndjson")
    }
  })
})
