// Completes a socket class: its options, its brand, and the methods that it lacks.

import { brand } from "../base/brand.js"
import { defineOptions, type OptionHolder } from "../options/holder.js"
import { type Option, type SocketName, socketOptions } from "../options/table/index.js"

const receiving = [
  ...["receive", "receiveMany", "receiveWithMetadata", "withMetadata", "tryReceive", "batches"],
  ...["receiveQueue", "receiveMemory", "toReadable", "toReadableStream"],
  Symbol.asyncIterator,
]
const sending = ["send", "sendMany", "trySend", "sendQueue", "toWritable", "toWritableStream"]

/**
 * Gives a class the options that the table lists for it. `without` removes the methods of one direction. The name is an argument, because
 * bundlers rename classes.
 */
export function defineSocket(
  name: SocketName,
  socketClass: { prototype: OptionHolder },
  without?: "send" | "receive",
): void {
  const mine = Object.entries<Option>(socketOptions).filter(([, option]) => option.on?.includes(name))
  defineOptions(socketClass, mine)
  brand(name, socketClass)
  const hidden = without === "send" ? sending : without === "receive" ? receiving : []
  for (const key of hidden) Object.defineProperty(socketClass.prototype, key, { value: undefined })
}
