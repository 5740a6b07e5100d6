// Completes a socket class: its options, its brand, and what it does not do.

import { brand } from "../base/brand.js"
import { type SocketName, socketTypes } from "../base/socket-types.js"
import { defineOptions, type OptionHolder } from "../options/holder.js"
import { type Option, socketOptions } from "../options/table/index.js"
import { withoutTraffic } from "../socket/traffic.js"

/** Does so by the tables of options and of socket types. The name is not asked of the class, because bundlers rename classes. */
export function defineSocket(name: SocketName, socketClass: { prototype: OptionHolder }): void {
  const mine = Object.entries<Option>(socketOptions).filter(([, option]) => option.on?.includes(name))
  defineOptions(socketClass, mine)
  brand(name, socketClass)
  const type: { writable?: true; readable?: true } = socketTypes[name]
  if (type.writable !== true) withoutTraffic(socketClass.prototype, "send")
  if (type.readable !== true) withoutTraffic(socketClass.prototype, "receive")
}
