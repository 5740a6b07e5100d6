// Every option alone, on every class: support/option-table.ts says what is expected of it. What is expected of zeromq's options at first,
// and which classes have them, is checked in test/conformance.

import { afterAll, beforeAll, describe, expect, it } from "vitest"

import {
  classesWith,
  expectedOptions,
  hasOption,
  initialOn,
  isAtLeast,
  isOptionOfZeromq,
  isThere,
  type Kind,
} from "../support/option-table.js"
import { type ClassName, classNames, create, type Holder } from "../support/socket-classes.js"
import { closeAfterTest, failure } from "../support/sockets.js"

const there = expectedOptions.filter(isThere)
const own = expectedOptions.filter(({ name }) => !isOptionOfZeromq(name))
const lacking = expectedOptions.filter((option) => !isThere(option))
const writable = there.filter((option) => !option.readonly)

/** What is an accessor of a socket without being an option. */
const states = [
  "closed",
  "context",
  "events",
  "peerEvents",
  "readable",
  "receiveMemory",
  "receiveQueue",
  "sendQueue",
  "writable",
  "security",
]

const typeErrors: Record<Kind, string | RegExp> = {
  bool: "Option value must be a boolean",
  int32: "Option value must be a number",
  uint32: "Option value must be a number",
  int64: "Option value must be a number",
  uint64: "Option value must be a number",
  text: "Option value must be a string or buffer",
  bytes: "Option value must be a string or buffer",
  names: /^Option value must be an array of names$|^Option value must be one of /,
  record:
    /^Option value must be an object$|^The value of property "X-a" must be a string$|^Property "[^"]*" must begin with /,
  choice: /^Option value must be one of /,
}

const notNumbers = ["1", true, null, undefined, {}, [1], 1n, Symbol("1")]
const notText = [1, true, undefined, {}, ["text"], new Uint16Array(2), new ArrayBuffer(2), Symbol("text")]

const wrongTypes: Record<Kind, unknown[]> = {
  bool: [0, 1, "true", null, undefined, {}],
  int32: notNumbers,
  uint32: notNumbers,
  int64: notNumbers,
  uint64: notNumbers,
  text: notText,
  bytes: notText,
  names: ["connectionRefused", null, undefined, 1, {}, ["unheard-of"], [1]],
  record: [undefined, "X-a:b", 1, { "X-a": 1 }, { "X-a": null }, { a: "b" }, { "X-a:b": "c" }, { "X-a": "" }],
  choice: ["unheard-of", undefined, 1, true, {}],
}

const notFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

const outOfRange: Partial<Record<Kind, number[]>> = {
  int32: [2 ** 31, -(2 ** 31) - 1, ...notFinite],
  uint32: [2 ** 32, -1, ...notFinite],
  int64: [2 ** 53, -(2 ** 53), ...notFinite],
  uint64: [2 ** 65, -1, ...notFinite],
}

/** The accessors of an object, its classes' included. */
function accessors(object: object): Map<string, PropertyDescriptor> {
  const found = new Map<string, PropertyDescriptor>()
  for (let holder = object; holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if ((property.get ?? property.set) !== undefined && !found.has(name)) found.set(name, property)
    }
  }
  return found
}

/** One socket of each class, which no test changes. */
const untouched = {} as Record<ClassName, ReturnType<typeof create>>

beforeAll(() => {
  for (const name of classNames) untouched[name] = create(name)
})

afterAll(() => {
  for (const name of classNames) untouched[name].close()
})

const newSocket = (name: ClassName, options?: object): Holder => closeAfterTest(create(name, options))

describe.each(classNames)("%s", (name) => {
  it("has the options of its type, and no others", () => {
    const found = [...accessors(untouched[name]).keys()].filter((key) => !states.includes(key))
    const expected = expectedOptions.filter((option) => hasOption(option, name))
    expect(found.sort()).toEqual(expected.map((option) => option.name).sort())
  })

  it("can be read in all its options, and written in all that are not read-only", () => {
    const properties = accessors(untouched[name])
    for (const option of expectedOptions.filter((candidate) => hasOption(candidate, name))) {
      const { get, set } = properties.get(option.name) ?? {}
      expect({ get: get !== undefined, set: set !== undefined }, option.name).toEqual({
        get: true,
        set: !option.readonly,
      })
    }
  })

  it("does not know the options of other types", () => {
    for (const option of own.filter((candidate) => !hasOption(candidate, name))) {
      expect(option.name in untouched[name], option.name).toBe(false)
      expect(() => newSocket(name, { [option.name]: option.initial }), option.name).toThrow(
        `Cannot add property ${option.name}, object is not extensible`,
      )
    }
  })
})

describe.each(own.filter(isThere).map((option) => [option.name, option] as const))("%s", (property, option) => {
  it("has its initial value", () => {
    for (const name of classesWith(option)) {
      expect(untouched[name][property], name).toEqual(initialOn(option, name))
    }
  })
})

describe.each(writable.map((option) => [option.name, option] as const))("%s", (property, option) => {
  const { good = [], refused = [], kind } = option

  /** A value that is refused leaves the option as it was. */
  async function refuses(name: ClassName, value: unknown, check: (error: Error) => void) {
    const socket = untouched[name]
    check(
      await failure(() => {
        ;(socket as Holder)[property] = value
      }),
    )
    expect(socket[property], `${name} afterwards`).toEqual(initialOn(option, name))
  }

  it("reads as it was set", () => {
    for (const name of classesWith(option)) {
      const socket = newSocket(name)
      for (const { set, read } of good) {
        socket[property] = set
        expect(socket[property], name).toEqual(read)
      }
    }
  })

  it("can be set by the constructor", () => {
    for (const name of classesWith(option)) {
      for (const { set, read } of good) expect(newSocket(name, { [property]: set })[property], name).toEqual(read)
    }
  })

  it("refuses values of other types", async () => {
    for (const name of classesWith(option)) {
      for (const value of wrongTypes[kind]) {
        await refuses(name, value, (error) => {
          expect(error).toBeInstanceOf(TypeError)
          expect(error.message).toMatch(typeErrors[kind])
        })
        await expect(async () => newSocket(name, { [property]: value })).rejects.toThrow(TypeError)
      }
    }
  })

  const tooLarge = outOfRange[kind]
  if (tooLarge !== undefined) {
    it("refuses numbers out of range", async () => {
      for (const name of classesWith(option)) {
        for (const value of tooLarge) {
          await refuses(name, value, (error) => {
            expect(error).toBeInstanceOf(RangeError)
            expect(error.message).toMatch(/^Option value must be a number from -?\d+ to \d+, but received /)
          })
        }
      }
    })
  }

  if (refused.length > 0) {
    it("refuses what libzmq refuses", async () => {
      for (const name of classesWith(option)) {
        for (const value of refused) {
          await refuses(name, value, (error) => {
            expect(error, String(value)).toMatchObject({ code: "EINVAL", message: "Invalid argument" })
          })
        }
      }
    })
  }
})

describe.each(there.filter((option) => option.readonly).map((option) => [option.name, option] as const))(
  "%s",
  (property, option) => {
    it("cannot be written", () => {
      for (const name of classesWith(option)) {
        const message = new RegExp(`^Cannot set property ${property} of #<\\w+> which has only a getter$`)
        expect(() => {
          ;(untouched[name] as Holder)[property] = option.initial
        }, name).toThrow(message)
        expect(() => newSocket(name, { [property]: option.initial }), name).toThrow(message)
      }
    })
  },
)

describe.each(lacking.map((option) => [option.name, option] as const))(
  "%s, which this libzmq lacks",
  (property, option) => {
    it("says what it needs", async () => {
      const needs =
        option.since !== undefined && !isAtLeast(option.since)
          ? `libzmq ${option.since.replaceAll(".", "\\.")} or later`
          : "libzmq (built with \\w+|[\\d.]+ or later)"
      const expected = {
        code: "ENOTSUP",
        message: expect.stringMatching(new RegExp(`^${option.zmq} needs ${needs}, but this is libzmq [\\d.]+$`)),
      }
      for (const name of classesWith(option)) {
        const socket = untouched[name] as Holder
        if (option.remembered) expect(socket[property]).toEqual(option.initial)
        else expect(await failure(() => socket[property])).toMatchObject(expected)
        if (option.readonly) continue
        const value = option.good?.[0]?.set
        expect(
          await failure(() => {
            socket[property] = value
          }),
        ).toMatchObject(expected)
        expect(await failure(() => newSocket(name, { [property]: value }))).toMatchObject(expected)
      }
    })
  },
)
