import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "../relay/support.js"
import { type Case, failuresOf } from "./rule-trial.js"

const same = (...values: (string | number)[]): Case[] => values.map((value) => [value, { value }])
const refused = (why: string, ...values: unknown[]): Case[] => values.map((value) => [value, { refused: why }])

describe("A parameter", () => {
  it("ip is an address, in its canonical form", () => {
    expect(
      failuresOf("ip", [
        ...same("198.51.100.7", "255.0.0.1".replace("255", "100"), "2001:db8::1", "10.0.0.1"),
        ["2001:DB8:0:0::0001", { value: "2001:db8::1" }],
        ["::ffff:198.51.100.7", { value: "198.51.100.7" }],
        ["::ffff:c633:6407", { value: "198.51.100.7" }],
        ...refused(
          "value: Expected an address of IPv4 or IPv6",
          "",
          "example.com",
          "198.51.100",
          3325256711,
          null,
          true,
        ),
      ]),
    ).toEqual([])
    expect(
      failuresOf("{ type: ip, version: 6 }", [
        ...same("2001:db8::1"),
        ...refused("an address of IPv6", "198.51.100.7", "::ffff:198.51.100.7"),
      ]),
    ).toEqual([])
    expect(
      failuresOf("{ type: ip, version: 4 }", [
        ...same("198.51.100.7"),
        ...refused("an address of IPv4", "2001:db8::1"),
      ]),
    ).toEqual([])
  })

  it("cidr is a network that is small enough", () => {
    expect(
      failuresOf("cidr", [
        ...same("198.51.100.0/24", "198.51.100.7/32", "2001:db8:1::/48"),
        ["2001:DB8:1:0::/48", { value: "2001:db8:1::/48" }],
        ...refused("is too large: expected a prefix of at least 24 bits", "198.51.0.0/16", "128.0.0.0/1"),
        ...refused("is too large: expected a prefix of at least 48 bits", "2001:db8::/32"),
        ...refused(
          "Expected a network",
          "198.51.100.7",
          "198.51.100.7/24",
          "198.51.100.0/33",
          "198.51.100.0/024",
          "198.51.100.0/",
          "/24",
          "::ffff:198.51.100.0/120",
          "198.51.100.0/255.255.255.0",
        ),
      ]),
    ).toEqual([])
    expect(
      failuresOf("{ type: cidr, min4: 8 }", [...same("100.0.0.0/8"), ...refused("too large", "64.0.0.0/7")]),
    ).toEqual([])
  })

  it("hostname is a name of RFC 1123", () => {
    expect(
      failuresOf("hostname", [
        ...same("example.com", "a", "xn--bcher-kva.example", `${"a".repeat(63)}.example`),
        ["EXAMPLE.com", { value: "example.com" }],
        ...refused(
          "Expected the name of a host",
          "",
          "-a.example",
          "a-.example",
          "a..b",
          ".a",
          "a.",
          "a_b",
          "1.2.3.4",
          "example.1",
          "0x7f.1",
          "localhost",
          "x.localhost",
          "bücher.example",
          `${"a".repeat(64)}.example`,
          `${"a.".repeat(127)}ab`,
        ),
      ]),
    ).toEqual([])
  })

  it("port and integer are in their bounds", () => {
    expect(
      failuresOf("port", [
        ...same(1, 65_535),
        ["443", { value: 443 }],
        ...refused("Expected a port", 0, 65_536, -1, 1.5, "0443", "+443", "4e2", " 443", "", null),
      ]),
    ).toEqual([])
    expect(
      failuresOf("{ type: integer, min: -5, max: 5 }", [
        ...same(0, 5),
        ["-0", { refused: "Expected an integer" }],
        ...refused("Expected an integer from -5 to 5", 6, "-6"),
        ...refused('would begin with "-"', -5),
      ]),
    ).toEqual([])
  })

  it("enum is one of its values", () => {
    expect(
      failuresOf("{ type: enum, values: [low, high] }", [
        ...same("low"),
        ...refused("Expected one of low, high", "Low", "low ", "", 1, ["low"]),
      ]),
    ).toEqual([])
  })

  it("token matches its pattern as a whole", () => {
    expect(
      failuresOf("{ type: token, pattern: '[a-z]+(-[0-9]+)?', maxLength: 8 }", [
        ...same("abc", "abc-12"),
        ...refused("Expected text that matches", "abc ", "Abc", "abc-", "a;b"),
        ...refused("It is longer than 8 characters", "abcdefghi"),
      ]),
    ).toEqual([])
  })

  it("text has no control characters, and a length", () => {
    expect(
      failuresOf("{ type: text, maxLength: 4 }", [
        ...same("a b;", "äöü€", "😀😀😀😀"),
        ...refused("It is longer than 4 characters", "abcde", "😀😀😀😀😀"),
        ...refused("has control characters", "a\nb", "a\u0000", "\u001b[", "a\u2028", "\u202e", "\u0085"),
        ...refused("Expected text", "", 4, null),
      ]),
    ).toEqual([])
  })

  it("path is that of a file under its root", () => {
    const folder = temporaryFolder()
    const root = join(folder, "root")
    mkdirSync(join(root, "inner"), { recursive: true })
    writeFileSync(join(root, "inner/a.txt"), "")
    writeFileSync(join(folder, "secret"), "")
    symlinkSync("inner/a.txt", join(root, "good"))
    symlinkSync("../secret", join(root, "bad"))
    const real = join(realpathSync(root), "inner/a.txt")
    const cases: Case[] = [
      ["inner/a.txt", { value: real }],
      ["good", { value: real }],
      [join(root, "inner/../inner/a.txt"), { value: real }],
      ...refused("is not under ./root", "../secret", "bad", "/etc/passwd", "../root", ".", "../nothing"),
      ...refused("There is no", "nothing", "inner/a.txt/b"),
      ...refused("is not a regular file", "inner"),
    ]
    expect(failuresOf("{ type: path, root: ./root }", cases, { folder })).toEqual([])
    const folders: Case[] = [
      ["inner", { value: join(realpathSync(root), "inner") }],
      ...refused("is not a folder", "good"),
    ]
    expect(failuresOf("{ type: path, root: ./root, kind: folder }", folders, { folder })).toEqual([])
    expect(
      failuresOf("{ type: path, root: ./none }", refused("The root ./none cannot be used: ENOENT", "a"), { folder }),
    ).toEqual([])
  })
})
