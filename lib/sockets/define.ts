// Completes a socket class: its options, its brand, and the methods that it lacks.

import { brand } from "../base/brand.js"
import { type SocketName, socketTypes } from "../base/socket-types.js"
import { defineOptions, type OptionHolder } from "../options/holder.js"
import { type Option, socketOptions } from "../options/table/index.js"
import { withoutTraffic } from "../socket/traffic.js"

/**
 * Gives a class what the tables of options and of socket types list for its name. The name is an argument, because bundlers rename
 * classes.
 */
export function defineSocket(name: SocketName, socketClass: { prototype: OptionHolder }): void {
  const mine = Object.entries<Option>(socketOptions).filter(([, option]) => option.on?.includes(name))
  defineOptions(socketClass, mine)
  brand(name, socketClass)
  const type: { writable?: true; readable?: true } = socketTypes[name]
  if (type.writable !== true) withoutTraffic(socketClass.prototype, "send")
  if (type.readable !== true) withoutTraffic(socketClass.prototype, "receive")
}
